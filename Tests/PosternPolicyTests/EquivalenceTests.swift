import Foundation
import PosternPolicy
import Testing

/// Holds the compiled evaluators and the naive one equal. `POSTERN_TEST_SEED` repeats a run, `POSTERN_TEST_POLICIES` sets
/// how many policies it makes.
@Suite("two evaluators") struct EquivalenceTests {
    @Test("agree on random policies and requests: deny wins, order never matters, shadow never changes a decision")
    func agree() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["POSTERN_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        let policies = environment["POSTERN_TEST_POLICIES"].flatMap { Int($0) } ?? 600
        print("two evaluators seed: \(seed)")
        var generator = PolicyGenerator(random: SeededGenerator(state: seed))
        var decisions: [NaiveEvaluator.Outcome: Int] = [:]
        for number in 0..<policies {
            let json = PolicyGenerator.document(generator.policy(), version: generator.version())
            let subject = try AgreeingPolicies(document(json))
            for _ in 0..<6 {
                let asked = generator.question()
                decisions[try #require(subject.outcome(asked)), default: 0] += 1
                let problem = subject.disagreement(asked) ?? subject.standaloneDisagreement(generator.anyAction(asked))
                #expect(problem == nil, "seed \(seed), policy \(number): \(problem ?? "") in \(json)")
                if problem != nil { return }
            }
        }
        #expect(decisions.count == 3, "every outcome is seen: \(decisions)")
    }

    @Test("agree on every fixture")
    func fixtures() throws {
        for fixture in try DecisionFixture.all() where fixture.kind == .resource && fixture.decision != "invalid" {
            let subject = try AgreeingPolicies(fixture.policy)
            let problem = subject.standaloneDisagreement(fixture.request) ?? subject.disagreement(fixture.request)
            #expect(problem == nil, "\(fixture.testDescription)")
        }
    }

    @Test("agree on the fuzzer's corpus")
    func corpus() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fuzz/corpus/policy")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 100)
        for file in files {
            #expect(violatedPolicyInvariant([UInt8](try Data(contentsOf: file))) == nil, "\(file.lastPathComponent)")
        }
    }
}
