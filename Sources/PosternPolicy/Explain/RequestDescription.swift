/// A request described by people rather than received: for simulations and for tests of policies. What is not given is
/// absent, as on a real connection.
package struct RequestDescription: Sendable {
    package var connection = ConnectionFacts()
    package var method = "GET"
    /// Canonical, as routing has it; a query is no part of it.
    package var path = "/"
    /// Must be given, or be the path's first segment: see ``takeStageFromPath()``.
    package var stage = ""
    package var userAgent: String?
    package var referer: String?
    /// nil: now.
    package var time: PolicyTime?

    package init() {}

    /// Where no stage is given, the path begins with it, as callers write it: `/prod/orders/7`.
    package mutating func takeStageFromPath() {
        guard stage.isEmpty else { return }
        let segment = path.dropFirst().prefix { $0 != "/" && $0 != "?" }
        let rest = path.dropFirst(1 + segment.count)
        stage = String(segment)
        path = rest.hasPrefix("/") ? String(rest) : "/" + rest
    }

    /// `{api-id}/{stage}/{METHOD}/{path}`, the path without its slashes in front and at the end.
    package func resource(of api: String) -> String {
        var path = path.prefix { $0 != "?" }
        if path.hasPrefix("/") { path.removeFirst() }
        if path.hasSuffix("/") { path.removeLast() }
        return "\(api)/\(stage)/\(method)/\(path)"
    }

    package func decision(of policy: Policy) -> Decision {
        withFacts(policy.scope.apiID) { policy.bind(connection).decide($0) }
    }

    /// - Parameters:
    ///   - api: the id of the API that the request is for.
    ///   - document: what the policy was compiled from.
    package func explanation(of policy: Policy, api: String, document: DocumentNode?) -> Explanation {
        withFacts(api) { policy.explain(connection, $0, document: document) }
    }

    /// One line: ``GET prod/orders/7 of `shop` from 10.9.0.7 by vpce-mesh``.
    package func title(_ api: String) -> String {
        var words = [method, "/\(stage)/\(path.prefix { $0 != "?" }.drop { $0 == "/" })", "of `\(api)`"]
        let caller: [(String, String?)] = [
            ("from", connection.sourceIP?.description), ("by", connection.sourceVpce), ("in", connection.sourceVpc),
            ("interface", connection.localInterface), ("as", connection.certificate?.spiffeID),
            ("uid", connection.unix?.uid?.description), ("user", connection.unix?.user),
            ("group", connection.unix?.group), ("unit", connection.unix?.unit),
        ]
        for (word, value) in caller { if let value { words += [word, value] } }
        return words.joined(separator: " ")
    }

    private func withFacts<Result>(_ api: String, _ body: (RequestFacts) -> Result) -> Result {
        var resource = resource(of: api)
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
