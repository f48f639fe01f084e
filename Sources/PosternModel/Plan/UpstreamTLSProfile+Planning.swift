import PosternPolicy

extension UpstreamTLSProfile {
    /// What the integration's declaration and its stage make of an `https` URI; nil for `http`.
    ///
    /// - throws: a problem where `tls` stands beside `http`, and where nothing says who the upstream must be.
    static func planned(
        for uri: IntegrationURI, of proxy: HTTPProxyDeclaration, in stage: StageDeclaration
    ) throws(Diagnostics) -> UpstreamTLSProfile? {
        guard uri.usesTLS else {
            guard let tls = proxy.tls else { return nil }
            throw Diagnostics([
                Diagnostic(
                    at: tls.position,
                    "`tls` has a meaning only for `https://`, in stage `\(stage.name)` it is `http://`",
                    hint: "write `uri: https://…` or remove `tls`")
            ])
        }
        let tls = proxy.tls ?? UpstreamTLSDeclaration(position: proxy.uri.position)
        guard let expected = UpstreamIdentity(tls, host: uri.target.address) else {
            throw Diagnostics([
                Diagnostic(
                    at: tls.position, "a socket has no name that its certificate could be checked for",
                    hint: "add `tls: {serverName: orders.internal}`")
            ])
        }
        return UpstreamTLSProfile(
            trust: tls.trust, expected: expected, keyPair: tls.keyPair ?? stage.clientCertificate,
            minimumVersion: tls.minimumVersion, strict: tls.strict,
            insecureSkipVerification: tls.insecureSkipVerification)
    }
}

extension UpstreamIdentity {
    fileprivate init?(_ tls: UpstreamTLSDeclaration, host: UpstreamTarget.Address) {
        var name = tls.serverName
        if name == nil, case .tcp(let host, _) = host { name = host }
        // A dot at the end is for the resolver: neither the server name nor a certificate has it (RFC 6066, section 3).
        if let written = name, written.hasSuffix(".") { name = String(written.dropLast()) }
        let address = name.flatMap { IPAddress($0) }
        if let spiffeID = tls.spiffeID {
            self = .spiffe(spiffeID, serverName: address == nil ? name : nil)
        } else if let address {
            self = .address(address)
        } else if let name {
            self = .name(name)
        } else {
            return nil
        }
    }
}
