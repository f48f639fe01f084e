// Compiled into the tests and into the fuzz target.
import PosternPolicy

/// What a fuzzer's input breaks of the promises of policies, or nil.
///
/// An input that begins with `{` is a case as the fixtures have them, or a policy alone; any other makes the choices of
/// ``PolicyGenerator``.
func violatedPolicyInvariant(_ input: [UInt8]) -> String? {
    if input.first != UInt8(ascii: "{") {
        var generator = PolicyGenerator(random: SeededGenerator(state: 1, choices: input[...]))
        let json = PolicyGenerator.document(generator.policy(), version: generator.version())
        guard let policy = try? AgreeingPolicies(document(json)) else {
            return "a generated policy is refused: \(json)"
        }
        let asked = generator.question()
        return policy.disagreement(asked) ?? policy.standaloneDisagreement(generator.anyAction(asked))
    }
    guard let node = try? JSONReader.read(input, file: "input") else { return nil }
    let fixture = node["policy"] ?? node
    if node["kind"]?.text == "identity" { _ = try? StandalonePolicy.compile(fixture, kind: .identity) }
    guard let policy = try? AgreeingPolicies(fixture) else { return nil }
    let asked = node["request"].flatMap { PolicyRequest(fixture: $0) }
    return policy.standaloneDisagreement(asked ?? .plain) ?? policy.disagreement(asked ?? .plain)
}

extension PolicyRequest {
    fileprivate static let plain = PolicyRequest(
        action: "execute-api:Invoke", resource: testScope.arnPrefix + "a1b2c3d4e5/prod/GET/pets/1")
}

/// One policy in the forms that must agree: the gateway's, that of tools, each with its statements in another order, without
/// those in shadow mode, and with a deny of everything.
struct AgreeingPolicies {
    private struct Forms<Form> {
        var whole: Form
        var reversed: Form
        var denied: Form
        /// nil if every statement is in shadow mode.
        var enforced: Form?

        init(_ document: DocumentNode, _ compile: (DocumentNode) throws -> Form) throws {
            let statements = document["Statement"]?.list ?? []
            func with(_ statements: [DocumentNode]) throws -> Form {
                try compile(document.replacing("Statement", with: .array(statements)))
            }
            whole = try compile(document)
            reversed = try with(statements.reversed())
            denied = try with(statements + [AgreeingPolicies.denyAll])
            let bare = statements.filter { $0["postern:Mode"] == nil }
            enforced = bare.isEmpty ? nil : try with(bare)
        }
    }

    private static let denyAll = try! JSONReader.read(
        #"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#.utf8, file: "deny")

    let document: DocumentNode
    private let tools: Forms<StandalonePolicy>
    /// nil if the gateway refuses what tools take.
    private let gateway: Forms<Policy>?

    init(_ document: DocumentNode) throws {
        self.document = document
        let gateway = try? Forms(document) { try Policy.compile($0, for: testScope) }
        self.gateway = gateway
        do {
            tools = try Forms(document) { try StandalonePolicy.compile($0, kind: .resource) }
        } catch {
            if gateway != nil { fatalError("the gateway takes what tools refuse: \(error)") }
            throw error
        }
    }

    /// What differs between the gateway's evaluation and the naive one.
    func disagreement(_ asked: PolicyRequest) -> String? {
        guard let gateway, var question = GatewayQuestion(asked) else { return nil }
        question.request.time = question.request.time ?? PolicyTime(seconds: 1_767_225_600)
        let naive = naive(question, asked)
        let (facts, request) = (question.facts, question.request)
        let decision = gateway.whole.decide(facts, request)
        let outcome = naive.outcome.rawValue
        func told(_ what: String) -> String { "\(what): \(decision), not \(outcome), for \(asked)" }
        guard decision.answer.rawValue == outcome else { return told("decision") }
        switch decision {
        case .allow(let index), .explicitDeny(let index):
            guard naive.deciding.contains(index) else { return told("statement") }
        case .implicitDeny: break
        }
        guard gateway.reversed.decide(facts, request).answer == decision.answer else { return told("order") }
        guard gateway.denied.decide(facts, request).answer == .explicitDeny else { return told("deny") }
        let bare = gateway.enforced?.decide(facts, request).answer ?? .implicitDeny
        guard bare == decision.answer else { return told("shadow") }
        let hypothetical = gateway.whole.shadowDecision(facts, request)?.name
        guard hypothetical == nil ? !gateway.whole.hasShadowStatements : hypothetical == naive.hypothetical.rawValue
        else { return told("hypothetical") }
        let explanation = gateway.whole.explain(facts, request)
        let applied = explanation.statements.indices.filter { explanation.statements[$0].applied }
        guard explanation.decision == decision, applied == naive.applyingStatements else { return told("explanation") }
        return nil
    }

    /// What differs between the evaluation of tools and the naive one.
    func standaloneDisagreement(_ asked: PolicyRequest) -> String? {
        guard let asked = asked.withLowerCaseKeys else { return nil }
        var naive = NaiveEvaluator(
            document: document, request: asked, callers: asked.principal.map { [$0] } ?? [])
        naive.api = nil
        let found = tools.whole.evaluate(asked)
        func told(_ what: String) -> String {
            "tools, \(what): \(found), not \(naive.outcome) by \(naive.deciding), for \(asked)"
        }
        guard found.decision.rawValue == naive.outcome.rawValue, found.statements == naive.deciding else {
            return told("decision")
        }
        guard tools.reversed.evaluate(asked).decision == found.decision else { return told("order") }
        guard tools.denied.evaluate(asked).decision == .explicitDeny else { return told("deny") }
        let bare = tools.enforced?.evaluate(asked).decision ?? .implicitDeny
        return bare == found.decision ? nil : told("shadow")
    }

    /// What the rules say, asked as the gateway would be.
    func outcome(_ asked: PolicyRequest) -> NaiveEvaluator.Outcome? {
        GatewayQuestion(asked).map { naive($0, asked).outcome }
    }

    private func naive(_ question: GatewayQuestion, _ asked: PolicyRequest) -> NaiveEvaluator {
        NaiveEvaluator(document: document, request: question.completed(asked), callers: question.callers)
    }
}

extension PolicyRequest {
    /// nil if two keys differ in case only.
    fileprivate var withLowerCaseKeys: PolicyRequest? {
        var request = self
        request.context = Dictionary(context.map { (asciiLower($0.key), $0.value) }) { first, _ in first }
        return request.context.count == context.count ? request : nil
    }
}

extension DocumentNode {
    fileprivate func replacing(_ key: String, with value: Value) -> DocumentNode {
        guard case .object(var members) = self.value else { return self }
        for index in members.indices where members[index].key == key {
            members[index].value = DocumentNode(value, at: members[index].value.position)
        }
        return DocumentNode(.object(members), at: position)
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
