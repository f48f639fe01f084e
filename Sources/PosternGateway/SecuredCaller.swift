import PosternHTTP
import PosternModel
import PosternPolicy
import PosternTLS
import PosternTelemetry

/// What is known of a connection's caller by its TLS handshake: as policy, the log and upstreams want it.
final class SecuredCaller {
    let record: AccessRecord.Security
    let facts: CertificateFacts?
    private let peer: VerifiedPeer?
    /// What the record borrows.
    private let texts: [PinnedText]
    private var fields: [ClientCertificateForwarding: [UInt8]] = [:]

    init(_ result: TLSHandshakeResult) {
        let identity = result.peer?.identity
        let texts = [
            result.version.description, result.cipher, identity?.subject ?? "", identity?.issuer ?? "",
            identity?.serial.colonHexadecimal ?? "", identity?.spiffeID?.text ?? "",
        ].map(PinnedText.init)
        record = AccessRecord.Security(
            version: texts[0].bytes, cipher: texts[1].bytes, isResumed: result.isResumed, subject: texts[2].bytes,
            issuer: texts[3].bytes, serial: texts[4].bytes, spiffeID: texts[5].bytes)
        self.texts = texts
        peer = result.peer
        facts = identity.map(CertificateFacts.init)
    }

    /// The fields that tell an upstream of the caller's certificate, as they go on the wire; empty where there is none.
    func certificateFields(_ form: ClientCertificateForwarding) -> [UInt8] {
        guard let peer else { return [] }
        if let known = fields[form] { return known }
        let made = Array(Self.render(form, peer).utf8)
        fields[form] = made
        return made
    }

    private static func render(_ form: ClientCertificateForwarding, _ peer: VerifiedPeer) -> String {
        switch form {
        case .off: return ""
        case .clientCert:
            // Byte sequences of structured fields (RFC 8941, section 3.3.5); the anchor is left out, as in a handshake.
            let chain = peer.chain.dropFirst().dropLast().map { ":\($0.base64):" }.joined(separator: ", ")
            return "Client-Cert: :\(peer.chain[0].base64):\r\n"
                + (chain.isEmpty ? "" : "Client-Cert-Chain: \(chain)\r\n")
        case .xfcc:
            let identity = peer.identity
            // In a subject every `"` has its `\` by RFC 4514 already; Envoy adds no other.
            let elements =
                ["Hash=\(identity.fingerprint)", "Subject=\"\(identity.subject)\""]
                + identity.names.uri.map { "URI=\(safe($0))" } + identity.names.dns.map { "DNS=\(safe($0))" }
            return "X-Forwarded-Client-Cert: \(elements.joined(separator: ";"))\r\n"
        }
    }

    /// A name with a character that ends an element is quoted. Names hold no control characters.
    private static func safe(_ name: String) -> String {
        name.utf8.contains { ",;=\"\\ ".utf8.contains($0) } ? "\"\(escaped(name))\"" : name
    }

    /// By scalar: a `"` with a combining mark behind it is another character, but the upstream sees a `"`.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            if scalar == "\"" || scalar == "\\" { escaped.append("\\") }
            escaped.unicodeScalars.append(scalar)
        }
    }
}

extension CertificateFacts {
    init(_ identity: CertificateIdentity) {
        self.init(
            spiffeID: identity.spiffeID?.text, subject: identity.subject, issuer: identity.issuer,
            serial: identity.serialNumber, fingerprint: identity.fingerprint, sanDNS: identity.names.dns,
            sanURI: identity.names.uri, notAfter: PolicyTime(seconds: Int64(identity.notAfter)))
    }
}
