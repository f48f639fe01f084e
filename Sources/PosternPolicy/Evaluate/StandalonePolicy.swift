/// A policy about any action and resource of AWS's grammar, for tools and for what authorizers return. It is read by the
/// compiler, and its conditions are decided by the code, that serve requests; it may allocate.
package struct StandalonePolicy: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Attached to what is called: statements name principals.
        case resource
        /// Attached to who calls: statements name none.
        case identity
    }

    private let compiled: CompiledPolicy
    private let statements: [StandaloneStatement]

    /// - Throws: every problem of the document, in its order.
    package static func compile(_ document: DocumentNode, kind: Kind) throws(Diagnostics) -> StandalonePolicy {
        let nowhere = PolicyScope(region: "*", account: "*", apiID: "*")
        var compiler = PolicyCompiler(scope: nowhere, dialect: kind == .resource ? .anyResource : .anyIdentity)
        try compiler.run(document)
        return StandalonePolicy(compiled: CompiledPolicy(compiler.tables), statements: compiler.standalone)
    }

    package func evaluate(_ request: PolicyRequest) -> PolicyEvaluation {
        let context = Dictionary(
            request.context.map { (asciiLowercased($0.key), $0.value) }, uniquingKeysWith: { $0 + $1 })
        let facts = ContextSource(context: context)
        let applying = compiled.withView { view in
            statements.indices.filter { applies($0, request, facts, view) }
        }
        let denies = applying.filter { compiled.tables.statements[$0].isDeny }
        if !denies.isEmpty { return PolicyEvaluation(decision: .explicitDeny, statements: denies) }
        return PolicyEvaluation(decision: applying.isEmpty ? .implicitDeny : .allow, statements: applying)
    }

    private func applies(_ index: Int, _ request: PolicyRequest, _ facts: ContextSource, _ view: PolicyView) -> Bool {
        let program = view.statements[index]
        let statement = statements[index]
        guard !program.isShadow else { return false }
        if let principals = program.principals {
            let callers = request.principal.map { [$0] } ?? []
            guard compiled.tables.principals[Int(principals)].admits(callers) else { return false }
        }
        guard statement.coversAction(request.action),
            statement.coversResource(request.resource, compiled.tables.variables, facts)
        else { return false }
        let start = Int(program.conditions)
        return (start..<start + Int(program.connectionConditions + program.requestConditions))
            .allSatisfy { view.holds(view.conditions[$0], facts) }
    }
}

/// One question: may this principal do this to that.
package struct PolicyRequest: Sendable {
    /// `service:Action`, in any case.
    package var action: String
    /// The ARN.
    package var resource: String
    /// nil for an anonymous caller.
    package var principal: CallerIdentity?
    /// What is known of the request, by condition key; names are compared without regard to case.
    package var context: [String: [String]]

    package init(
        action: String, resource: String, principal: CallerIdentity? = nil, context: [String: [String]] = [:]
    ) {
        self.action = action
        self.resource = resource
        self.principal = principal
        self.context = context
    }
}

package struct PolicyEvaluation: Sendable, Equatable {
    package var decision: PolicyAnswer
    /// The statements that made it: all applying denies, or all applying allows; empty for an implicit deny.
    package var statements: [Int]
}

extension Policy {
    /// Reads a document and answers one question about it; see ``StandalonePolicy`` for many.
    ///
    /// - Throws: every problem of the document.
    package static func evaluate(
        document: DocumentNode, kind: StandalonePolicy.Kind, request: PolicyRequest
    ) throws(Diagnostics) -> PolicyEvaluation {
        try StandalonePolicy.compile(document, kind: kind).evaluate(request)
    }
}

/// The actions and resources of a statement about anything.
struct StandaloneStatement: Sendable {
    enum Resource: Sendable {
        case everything
        /// Six segments.
        case arn([Template])
        /// `execute-api:/…`: this, behind the id of the API that the request is about.
        case shorthand(Template)
    }

    /// In lower case.
    var actions: [PatternText] = []
    var excludesActions = false
    var resources: [Resource] = []
    var excludesResources = false

    func coversAction(_ action: String) -> Bool {
        let action = asciiLowercased(action)
        return actions.contains { $0.matches(action) } != excludesActions
    }

    func coversResource(_ resource: String, _ variables: [PolicyVariable], _ facts: ContextSource) -> Bool {
        var resource = resource
        return resource.withUTF8 { bytes in
            let text = UnsafeRawBufferPointer(bytes)
            return resources.contains { matches($0, text, variables, facts) } != excludesResources
        }
    }

    private func matches(
        _ resource: Resource, _ text: UnsafeRawBufferPointer, _ variables: [PolicyVariable], _ facts: ContextSource
    ) -> Bool {
        switch resource {
        case .everything: return true
        case .arn(let pattern): return ArnText.matches(pattern, text, variables, facts)
        case .shorthand(let template):
            guard let segments = ArnText.segments(text), segments[2].elementsEqual("execute-api".utf8),
                let tokens = template.expanded(variables, facts),
                let slash = segments[5].firstIndex(of: UInt8(ascii: "/"))
            else { return false }
            return Glob.matches(tokens, UnsafeRawBufferPointer(rebasing: segments[5][(slash + 1)...]))
        }
    }
}
