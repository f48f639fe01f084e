/// A resource policy, compiled: who may call the API that it protects. Immutable.
///
/// The way of a policy: ``compile(_:for:)`` when configuration is loaded, ``bind(_:)`` once per connection,
/// ``BoundPolicy/decide(_:)`` per request, ``explain(_:_:)`` when somebody asks why.
package struct Policy: Sendable {
    let compiled: CompiledPolicy
    /// What is legal but probably not meant, such as a resource of another API.
    package let warnings: [Diagnostic]
    /// Equal for the same document in the same scope, and practically for no other; means nothing outside the process.
    package let fingerprint: Int

    /// Compiles a document.
    ///
    /// The language is AWS's ("IAM JSON policy element reference"); what of it is not implemented is refused, never
    /// ignored, so that a policy that loads says here what it says there.
    ///
    /// - Throws: every problem of the document, in its order.
    package static func compile(
        _ document: DocumentNode, for scope: PolicyScope
    ) throws(Diagnostics) -> Policy {
        var compiler = PolicyCompiler(scope: scope)
        let warnings = try compiler.run(document)
        return Policy(
            compiled: CompiledPolicy(compiler.tables), warnings: warnings, fingerprint: fingerprint(of: document, scope)
        )
    }

    /// What ``fingerprint`` is of a policy that is compiled from the document for the scope.
    package static func fingerprint(of document: DocumentNode, _ scope: PolicyScope) -> Int {
        var hasher = Hasher()
        hasher.combine(scope)
        document.hash(into: &hasher)
        return hasher.finalize()
    }

    /// The statements in the document's order; decisions refer to them by index.
    package var statements: [StatementNote] { compiled.tables.notes }

    package var scope: PolicyScope { compiled.tables.scope }

    /// Decides all that the connection's facts can decide.
    package func bind(_ facts: ConnectionFacts) -> BoundPolicy {
        facts.withView { BoundPolicy(compiled, $0) }
    }

    /// What the decision would be if the statements in shadow mode were enforced; nil if the policy has none.
    package func shadowDecision(_ facts: ConnectionFacts, _ request: RequestFacts) -> ShadowDecision? {
        bind(facts).shadowDecision(request)
    }

    /// Whether a statement carries `"postern:Mode": "shadow"`.
    package var hasShadowStatements: Bool { compiled.hypothetical != nil }
}
