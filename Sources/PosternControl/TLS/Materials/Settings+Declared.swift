import PosternModel
import PosternPolicy
import PosternTLS
import PosternTelemetry

/// From what is declared to what the TLS library takes.
extension VerificationSettings {
    init(_ client: ClientCertificateConfiguration) {
        self.init(purpose: .client)
        revocation =
            switch client.revocationLists.mode {
            case .require: .require
            case .check: .check
            case .off: .off
            }
        maximumIntermediates = client.depth
        isStrict = client.strict
        // OpenSSL's levels by bits of security (SSL_CTX_set_security_level(3)).
        securityLevel =
            switch client.minimumStrength {
            case ..<112: 1
            case ..<128: 2
            case ..<192: 3
            default: 4
            }
        requiresSPIFFE = !client.trustDomains.isEmpty
    }

    init(_ profile: UpstreamTLSProfile) {
        self.init(purpose: .server)
        revocation = .off
        maximumIntermediates = 4
        isStrict = profile.strict
        requiresAnchor = !profile.insecureSkipVerification
        if case .spiffe = profile.expected { requiresSPIFFE = true }
    }
}

extension ExpectedPeer {
    /// nil for a SPIFFE ID that is none, which the decoder refuses.
    init?(_ identity: UpstreamIdentity) {
        switch identity {
        case .name(let name): self = .host(name)
        case .address(let address): self = .address(address.description)
        case .spiffe(let text, _):
            guard let id = try? SPIFFEID(text) else { return nil }
            self = .workload(id)
        }
    }
}

extension TLSVersion {
    init(_ floor: TLSVersionFloor) {
        self =
            switch floor {
            case .tls12: .tls12
            case .tls13: .tls13
            }
    }
}

extension ClientAuthentication {
    init(_ mode: ClientCertificateConfiguration.Mode) {
        self =
            switch mode {
            case .required: .required
            case .optional: .optional
            case .off: .off
            }
    }
}

enum Clock {
    static var wallSeconds: Int { SystemTime.wallNanoseconds() / 1_000_000_000 }
}
