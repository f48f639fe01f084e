import Foundation
import PosternPolicy
import Testing

/// Holds the compiled evaluator and the naive one equal. `POSTERN_TEST_SEED` repeats a run, `POSTERN_TEST_POLICIES` sets
/// how many policies it makes.
@Suite("two evaluators") struct EquivalenceTests {
    @Test("agree on random policies, facts and requests; the order of statements never matters")
    func agree() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["POSTERN_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        let policies = environment["POSTERN_TEST_POLICIES"].flatMap { Int($0) } ?? 2000
        print("two evaluators seed: \(seed)")
        var generator = PolicyGenerator(random: SeededGenerator(state: seed))
        var decisions: [NaiveEvaluator.Outcome: Int] = [:]
        for number in 0..<policies {
            let statements = generator.policy()
            let json = PolicyGenerator.document(statements)
            let policy = try compile(json)
            let shuffled = try compile(PolicyGenerator.document(statements.shuffled(using: &generator.random)))
            let document = try document(json)
            for _ in 0..<6 {
                let facts = generator.facts()
                let (resource, userAgent, referer) = generator.request()
                let naive = NaiveEvaluator(
                    document: document, scope: testScope, facts: facts, resource: resource, userAgent: userAgent,
                    referer: referer)
                let request = Request(resource, userAgent: userAgent, referer: referer)
                let compiled = policy.explain(facts, request)
                let outcome = naive.outcome
                decisions[outcome, default: 0] += 1
                let isEqual =
                    compiled.decision.agrees(with: naive) && shuffled.decide(facts, request).outcome == outcome
                    && compiled.statements.indices.filter { compiled.statements[$0].applied }
                        == naive.applyingStatements
                #expect(
                    isEqual,
                    """
                    seed \(seed), policy \(number): \(compiled.decision) but \(outcome) for \(facts), \(resource), \
                    \(String(describing: userAgent)), \(String(describing: referer)) in \(json)
                    """)
                if !isEqual { return }
            }
        }
        #expect(decisions.count == 3, "every outcome is seen: \(decisions)")
    }
}

extension Decision {
    fileprivate var outcome: NaiveEvaluator.Outcome {
        switch self {
        case .allow: .allow
        case .explicitDeny: .explicitDeny
        case .implicitDeny: .implicitDeny
        }
    }

    /// The same outcome, and the statement named is one of those that applied with that effect.
    fileprivate func agrees(with naive: NaiveEvaluator) -> Bool {
        guard outcome == naive.outcome else { return false }
        switch self {
        case .allow(let index): return naive.applyingStatements.contains(index) && naive.effect(index) == "Allow"
        case .explicitDeny(let index): return naive.applyingStatements.contains(index) && naive.effect(index) == "Deny"
        case .implicitDeny: return true
        }
    }
}
