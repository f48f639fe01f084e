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
        let policies = environment["POSTERN_TEST_POLICIES"].flatMap { Int($0) } ?? 2000
        print("two evaluators seed: \(seed)")
        var generator = PolicyGenerator(random: SeededGenerator(state: seed))
        var decisions: [NaiveEvaluator.Outcome: Int] = [:]
        for number in 0..<policies {
            let subject = try Subject(&generator)
            for _ in 0..<6 {
                let asked = generator.question()
                decisions[subject.naive(asked).outcome, default: 0] += 1
                let problem = subject.disagreement(asked) ?? subject.standaloneDisagreement(generator.anyAction(asked))
                #expect(problem == nil, "seed \(seed), policy \(number): \(problem ?? "") in \(subject.json)")
                if problem != nil { return }
            }
        }
        #expect(decisions.count == 3, "every outcome is seen: \(decisions)")
    }
}

/// One random policy in the forms that must agree.
private struct Subject {
    var json: String
    var document: DocumentNode
    var policy: Policy
    var shuffled: Policy
    var withoutShadow: Policy?
    var standalone: StandalonePolicy

    init(_ generator: inout PolicyGenerator) throws {
        let statements = generator.policy()
        let version = generator.version()
        json = PolicyGenerator.document(statements, version: version)
        document = try PosternPolicyTests.document(json)
        policy = try compile(json)
        shuffled = try compile(
            PolicyGenerator.document(statements.shuffled(using: &generator.random), version: version))
        let enforced = statements.filter { !$0.contains("postern:Mode") }
        withoutShadow = enforced.isEmpty ? nil : try compile(PolicyGenerator.document(enforced, version: version))
        standalone = try StandalonePolicy.compile(document, kind: .resource)
    }

    func naive(_ asked: PolicyRequest) -> NaiveEvaluator {
        NaiveEvaluator(document: document, request: asked, callers: asked.principal.map { [$0] } ?? [])
    }

    /// What differs between the gateway's evaluation and the naive one.
    func disagreement(_ asked: PolicyRequest) -> String? {
        let naive = naive(asked)
        let question = GatewayQuestion(asked)!
        let explanation = policy.explain(question.facts, question.request)
        let decision = policy.decide(question.facts, question.request)
        let outcome = naive.outcome.rawValue
        func told(_ what: String) -> String { "\(what): \(decision), not \(outcome), for \(asked)" }
        guard decision.answer.rawValue == outcome, explanation.decision == decision else { return told("decision") }
        switch decision {
        case .allow(let index), .explicitDeny(let index):
            guard naive.deciding.contains(index) else { return told("statement") }
        case .implicitDeny: break
        }
        guard shuffled.decide(question.facts, question.request).answer.rawValue == outcome else { return told("order") }
        let bare = withoutShadow?.decide(question.facts, question.request).answer ?? .implicitDeny
        guard bare.rawValue == outcome else { return told("shadow") }
        let applied = explanation.statements.indices.filter { explanation.statements[$0].applied }
        guard applied == naive.applyingStatements else { return told("explanation \(applied)") }
        let hypothetical = policy.shadowDecision(question.facts, question.request)?.name
        guard hypothetical == nil ? !policy.hasShadowStatements : hypothetical == naive.hypothetical.rawValue else {
            return told("hypothetical")
        }
        return nil
    }

    func standaloneDisagreement(_ asked: PolicyRequest) -> String? {
        let naive = naive(asked)
        let found = standalone.evaluate(asked)
        if found.decision.rawValue == naive.outcome.rawValue, found.statements == naive.deciding { return nil }
        return "standalone: \(found), not \(naive.outcome) by \(naive.deciding), for \(asked)"
    }
}

extension ShadowDecision {
    fileprivate var name: String {
        switch self {
        case .wouldAllow: "allow"
        case .wouldDenyExplicitly: "explicitDeny"
        case .wouldDenyImplicitly: "implicitDeny"
        }
    }
}
