package import PosternPolicy

/// The `tls:` block of an integration, before the URI's host and the stage's certificate are known.
package struct UpstreamTLSDeclaration: Sendable {
    package var position: SourcePosition
    /// Empty: the system's store.
    package var trust: [MaterialSource] = []
    /// nil: the URI's host. Lower case.
    package var serverName: String?
    /// The SPIFFE ID that the upstream must have, `spiffe://domain/path`; its name is then not checked.
    package var spiffeID: String?
    /// nil: the stage's, if it has one.
    package var keyPair: KeyPairSource?
    package var minimumVersion = TLSVersionFloor.tls12
    /// The checks of `X509_V_FLAG_X509_STRICT`.
    package var strict = true
    package var insecureSkipVerification = false

    package init(position: SourcePosition) { self.position = position }
}

/// How connections to one `https` upstream are secured. Two targets share connections only if it is the same.
package struct UpstreamTLSProfile: Sendable, Hashable {
    /// Whose certificates are trusted; empty: the system's store.
    package var trust: [MaterialSource]
    /// What the upstream's certificate must say who it is.
    package var expected: UpstreamIdentity
    /// Presented when the upstream asks; nil: none.
    package var keyPair: KeyPairSource?
    package var minimumVersion: TLSVersionFloor
    /// The checks of `X509_V_FLAG_X509_STRICT`.
    package var strict: Bool
    /// Any issuer is accepted; name and dates are still checked (reference 2.5, `tlsConfig.insecureSkipVerification`).
    package var insecureSkipVerification: Bool

    package init(
        trust: [MaterialSource] = [], expected: UpstreamIdentity, keyPair: KeyPairSource? = nil,
        minimumVersion: TLSVersionFloor = .tls12, strict: Bool = true, insecureSkipVerification: Bool = false
    ) {
        self.trust = trust
        self.expected = expected
        self.keyPair = keyPair
        self.minimumVersion = minimumVersion
        self.strict = strict
        self.insecureSkipVerification = insecureSkipVerification
    }
}

/// Who an upstream must prove to be.
package enum UpstreamIdentity: Sendable, Hashable {
    /// A DNS name, lower case, sent as server name and found among the certificate's DNS names (RFC 9525).
    case name(String)
    /// An IP address, found among the certificate's addresses. No server name is sent (RFC 6066, section 3).
    case address(IPAddress)
    /// A SPIFFE ID, found as the certificate's only URI (X509-SVID, section 2). The name, if there is one, is sent as
    /// server name and not checked.
    case spiffe(String, serverName: String?)

    /// What is sent as server name; nil: the extension is left out.
    package var serverName: String? {
        switch self {
        case .name(let name): name
        case .address: nil
        case .spiffe(_, let name): name
        }
    }
}

/// Whether and how the caller's certificate is told to the upstream.
package enum ClientCertificateForwarding: String, Sendable, CaseIterable {
    case off
    /// `Client-Cert` and `Client-Cert-Chain` (RFC 9440).
    case clientCert = "client-cert"
    /// `X-Forwarded-Client-Cert`, as Envoy writes it.
    case xfcc
}
