extension RouteMatch {
    /// Why a host name leads to no API.
    package struct HostProblem: Error, Sendable {
        package var message: String
    }

    /// Looks where a request with this `Host` would: in a private custom domain, by its mappings, or in the API that the
    /// name begins with.
    package static func find(
        method: String, target: String, host: String, in plan: Plan
    ) throws(HostProblem) -> RouteMatch {
        let name = Array(host.utf8)
        guard let domain = plan.domain(host: name.span) else {
            guard let index = plan.api(host: name.span) else {
                throw HostProblem(
                    message:
                        "`\(host.abbreviated)` names neither a domain nor an API: the listener's `defaultApi` serves")
            }
            return find(method: method, target: target, in: plan.apis[index])
        }
        let path = Array(target.utf8.prefix { $0 != UInt8(ascii: "?") })
        guard path.first == UInt8(ascii: "/"), let (mapping, end) = domain.mapping(of: path.span) else {
            throw HostProblem(
                message: "domain `\(domain.name)` has no base path mapping for `\(target.abbreviated)`")
        }
        let rest = String(decoding: path[end...], as: UTF8.self)
        return find(method: method, target: (mapping.stage.map { "/" + $0.name } ?? "") + rest, in: mapping.api)
    }
}
