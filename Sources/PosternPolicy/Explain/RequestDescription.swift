/// A request described by people rather than received: for simulations and for tests of policies. What is not given is
/// absent, as on a real connection.
package struct RequestDescription: Sendable {
    package var connection = ConnectionFacts()
    package var method = "GET"
    /// Canonical, as routing has it; a query is no part of it.
    package var path = "/"
    /// Must be given.
    package var stage = ""
    package var userAgent: String?
    package var referer: String?
    /// nil: now.
    package var time: PolicyTime?

    package init() {}

    /// `{api-id}/{stage}/{METHOD}/{path}`, the path without its slashes in front and at the end.
    package func resource(of scope: PolicyScope) -> String {
        var path = path.prefix { $0 != "?" }
        if path.hasPrefix("/") { path.removeFirst() }
        if path.hasSuffix("/") { path.removeLast() }
        return "\(scope.apiID)/\(stage)/\(method)/\(path)"
    }

    package func decision(of policy: Policy) -> Decision {
        withFacts(policy.scope) { policy.bind(connection).decide($0) }
    }

    /// - Parameter document: what the policy was compiled from.
    package func explanation(of policy: Policy, document: DocumentNode?) -> Explanation {
        withFacts(policy.scope) { policy.explain(connection, $0, document: document) }
    }

    /// One line: ``GET prod/orders/7 of `shop` from 10.9.0.7 by vpce-mesh``.
    package func title(_ scope: PolicyScope) -> String {
        var words = [method, "/\(stage)/\(path.prefix { $0 != "?" }.drop { $0 == "/" })", "of `\(scope.apiID)`"]
        let caller: [(String, String?)] = [
            ("from", connection.sourceIP?.description), ("by", connection.sourceVpce), ("in", connection.sourceVpc),
            ("interface", connection.localInterface), ("as", connection.certificate?.spiffeID),
            ("user", connection.unix?.user), ("unit", connection.unix?.unit),
        ]
        for (word, value) in caller { if let value { words += [word, value] } }
        return words.joined(separator: " ")
    }

    private func withFacts<Result>(_ scope: PolicyScope, _ body: (RequestFacts) -> Result) -> Result {
        var resource = resource(of: scope)
        return resource.withUTF8 { resource in
            lend(userAgent) { userAgent in
                lend(referer) { referer in
                    body(
                        RequestFacts(
                            resource: UnsafeRawBufferPointer(resource), userAgent: userAgent, referer: referer,
                            time: time))
                }
            }
        }
    }

    private func lend<Result>(_ text: String?, _ body: (UnsafeRawBufferPointer?) -> Result) -> Result {
        guard var text else { return body(nil) }
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
