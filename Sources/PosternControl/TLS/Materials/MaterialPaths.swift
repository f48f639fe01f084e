import PosternModel

/// What is looked at to see whether a part has changed.
extension ListenerTLSConfiguration {
    var sources: [MaterialSource] {
        let client = clientCertificate
        return certificates.flatMap { [$0.certificate, $0.key] } + client.trust
            + client.trustDomains.flatMap(\.bundle) + client.revocationLists.files + [tickets.keys].compactMap(\.self)
    }
}

extension UpstreamTLSProfile {
    var sources: [MaterialSource] { trust + (keyPair.map { [$0.certificate, $0.key] } ?? []) }
}

extension MaterialEnvironment {
    func paths(of tls: ListenerTLSConfiguration) -> [String] { tls.sources.compactMap(path) }

    func paths(of profile: UpstreamTLSProfile) -> [String] {
        profile.sources.compactMap(path) + (profile.trust.isEmpty ? [systemTrustPath].compactMap(\.self) : [])
    }
}
