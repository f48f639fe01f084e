import PosternModel
import PosternPolicy
import PosternTLS

/// Reads `tls:` of an integration.
enum UpstreamTLSDecoder {
    static func decode(_ mapping: MappingReader) -> UpstreamTLSDeclaration {
        let report = mapping.report
        var tls = UpstreamTLSDeclaration(position: mapping.position)
        tls.trust = mapping.materials("trust", example: "trust: [tls/services.pem]") ?? []
        tls.serverName = serverName(mapping)
        tls.spiffeID = spiffeID(mapping)
        tls.keyPair = mapping.keyPair()
        tls.minimumVersion = mapping.versionFloor() ?? tls.minimumVersion
        tls.strict = mapping.flag("strict") ?? tls.strict
        tls.insecureSkipVerification = mapping.flag("insecureSkipVerification") ?? false
        if mapping.has("spiffe"), !mapping.has("trust") {
            report.error(
                at: mapping.node("spiffe")?.position ?? mapping.position, "`spiffe` stands without `trust`",
                hint: "name the bundle of its trust domain")
        }
        if tls.insecureSkipVerification, let node = mapping.node("insecureSkipVerification") {
            if mapping.has("spiffe") {
                mapping.refuse("spiffe", because: "has no meaning beside `insecureSkipVerification`")
            }
            report.warn(
                at: node.position, "anybody's certificate is accepted from this upstream: its issuer is not checked",
                hint: "write `trust: […]` with the issuer instead")
        }
        mapping.finish()
        return tls
    }

    private static func serverName(_ mapping: MappingReader) -> String? {
        guard let text = mapping.text("serverName") else { return nil }
        if let authority = try? Authority(text.value), authority.port == nil { return authority.host }
        if let address = IPAddress(text.value) { return address.description }
        mapping.report.error(
            at: text.position, "`\(text.value.abbreviated)` is not a server name", hint: "a host name or an IP address")
        return nil
    }

    private static func spiffeID(_ mapping: MappingReader) -> String? {
        guard let text = mapping.text("spiffe") else { return nil }
        do throws(IdentityProblem) {
            let id = try SPIFFEID(text.value)
            if !id.path.isEmpty { return id.text }
            mapping.report.error(
                at: text.position, "`\(text.value.abbreviated)` names a trust domain, not a workload",
                hint: "`spiffe://trust-domain/path`")
        } catch {
            mapping.report.error(
                at: text.position, "`\(text.value.abbreviated)` is not a SPIFFE ID",
                hint: "`spiffe://trust-domain/path`")
        }
        return nil
    }
}
