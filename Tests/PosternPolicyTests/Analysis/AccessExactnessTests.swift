import Foundation
import Testing

@testable import PosternPolicy

/// Holds comparisons to the naive evaluator's decisions on the old and the new policy. `POSTERN_TEST_SEED` repeats a run.
@Suite("comparison of policies, exactness") struct AccessExactnessTests {
    @Test("Every request is in a class, and becomes allowed or denied as two decisions of the naive evaluator say")
    func randomPolicies() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["POSTERN_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        let pairs = environment["POSTERN_TEST_POLICIES"].flatMap { Int($0) } ?? 300
        print("comparison seed: \(seed)")
        var generator = PolicyGenerator(random: SeededGenerator(state: seed))
        var seen: [ChangeLookup.Change: Int] = [:]
        for number in 0..<pairs {
            let version = generator.version()
            let statements = generator.policy()
            var changed = statements
            changed[0] = generator.policy()[0]
            let oldText = PolicyGenerator.document(statements, version: version)
            let newText = PolicyGenerator.document(changed, version: version)
            let (old, new) = try (analysed(oldText), analysed(newText))
            let lookup = try ChangeLookup(old: old, new: new)
            for _ in 0..<40 {
                var asked = generator.question()
                // What the gateway never meets: no endpoint, a path that is not ASCII.
                asked.context["aws:sourcevpce"] = asked.context["aws:sourcevpce"] ?? [""]
                guard asked.resource.utf8.allSatisfy({ $0 < 0x80 }), let question = GatewayQuestion(asked) else {
                    continue
                }
                let before = decision(old, question, asked) == .allow
                let after = decision(new, question, asked) == .allow
                let change: ChangeLookup.Change = before == after ? .none : after ? .allowed : .denied
                switch lookup.find(question) {
                case .impossible: continue
                case .missing(let fact):
                    Issue.record(
                        "seed \(seed), pair \(number): no class for \(fact) of \(asked) in \(oldText) \(newText)")
                    return
                case .outcomes(let outcomes):
                    let isExact = outcomes.count == 1
                    let agrees = outcomes.contains(change)
                    #expect(
                        agrees,
                        "seed \(seed), pair \(number): \(outcomes), not \(change): \(asked) \(oldText) \(newText)")
                    if !agrees { return }
                    if isExact { seen[change, default: 0] += 1 }
                }
            }
            let told = AccessComparison.compare(old, new, routes: nil)
            #expect(told.problems.isEmpty, "seed \(seed), pair \(number): \(told.problems) \(oldText) \(newText)")
        }
        #expect(seen.count == 3, "every change is seen: \(seen)")
    }

    private func analysed(_ text: String) throws -> AnalysedPolicy {
        try AnalysedPolicy.compile(document(text), for: testScope)
    }

    private func decision(
        _ policy: AnalysedPolicy, _ question: GatewayQuestion, _ asked: PolicyRequest
    ) -> NaiveEvaluator.Outcome {
        NaiveEvaluator(document: policy.document, request: question.completed(asked), callers: question.callers).outcome
    }
}
