package import PosternPolicy

/// Everything the gateway currently serves, compiled; immutable, published whole, read by every event loop.
package final class Plan: Sendable {
    /// Counts published plans from 1; a connection re-binds its policy when it changes.
    package let generation: Int
    package let apis: [PlannedAPI]
    /// Every listener, with its policy.
    package let endpoints: [PlannedEndpoint]
    package let domains: [PlannedDomain]
    /// Every stage × route, flat: API by API, stage by stage, in the order declared. `PlannedRoute.index` counts them.
    package let routes: [PlannedRoute]
    /// Every upstream target once.
    package let targets: [UpstreamTarget]
    /// What an operator should know though it is no error: an API that refuses everything, a policy's warnings.
    package let warnings: [Diagnostic]

    private let ids: ByteTable
    private let domainNames: ByteTable

    init(
        generation: Int, apis: [PlannedAPI], endpoints: [PlannedEndpoint], domains: [PlannedDomain],
        routes: [PlannedRoute], targets: [UpstreamTarget], warnings: [Diagnostic]
    ) {
        self.generation = generation
        self.apis = apis
        self.endpoints = endpoints
        self.domains = domains
        self.routes = routes
        self.targets = targets
        self.warnings = warnings
        ids = ByteTable(apis.map(\.id))
        domainNames = ByteTable(domains.map(\.name))
    }

    /// Every policy of the plan, each once.
    package var policies: [PlannedPolicy] {
        endpoints.compactMap(\.policy) + domains.compactMap(\.policy) + apis.compactMap(\.resourcePolicy)
    }

    package func endpoint(id: String) -> PlannedEndpoint? { endpoints.first { $0.id == id } }

    /// The domain that `Host` names whole; port and letter case are ignored.
    package func domain(host: Span<UInt8>) -> PlannedDomain? {
        guard !domains.isEmpty else { return nil }
        var end = 0
        while end < host.count, host[end] != UInt8(ascii: ":") { end &+= 1 }
        return domainNames.number(ofCaseless: host.extracting(0..<end)).map { domains[$0] }
    }

    /// The index of the API with this id, the value of `x-apigw-api-id`. Letter case is ignored, as in `Host`.
    package func api(id: Span<UInt8>) -> Int? { ids.number(ofCaseless: id) }

    /// The index of the API that a `Host` names by its first label, `{api-id}` or `{api-id}-{vpce-id}` (reference 3.5),
    /// port and letter case ignored.
    package func api(host: Span<UInt8>) -> Int? {
        var end = 0
        while end < host.count, host[end] != UInt8(ascii: "."), host[end] != UInt8(ascii: ":") { end &+= 1 }
        let label = host.extracting(0..<end)
        if let index = api(id: label) { return index }
        guard let cut = label.endpointSuffix else { return nil }
        return api(id: label.extracting(0..<cut))
    }
}

extension Span<UInt8> {
    /// Where `-vpce-…` begins, letter case ignored. No API id holds it, so only the first one matters.
    fileprivate var endpointSuffix: Int? {
        let separator: StaticString = "-vpce-"
        guard count > separator.utf8CodeUnitCount + 1 else { return nil }
        return separator.withUTF8Buffer { wanted in
            for start in 1..<(count - wanted.count) where self[start] == wanted[0] {
                var matched = 1
                while matched < wanted.count {
                    let byte = self[start + matched]
                    guard (byte == wanted[matched]) || (byte | 0x20 == wanted[matched] && byte.isUpperCaseLetter) else {
                        break
                    }
                    matched += 1
                }
                if matched == wanted.count { return start }
            }
            return nil
        }
    }
}
