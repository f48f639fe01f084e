package import PosternModel

/// A listener's `tls:`, checked and with every default filled in; nothing it names has been read yet.
package struct ListenerTLSConfiguration: Sendable, Equatable {
    /// At least one: the first is shown where no other has the server name that a caller asks for.
    package var certificates: [KeyPairSource]
    package var minimumVersion = TLSVersionFloor.tls12
    package var clientCertificate = ClientCertificateConfiguration()
    package var stapling = StaplingConfiguration()
    package var tickets = TicketConfiguration()
    /// Full and resumed handshakes per second and source address, twice as many at once; 0: no bound.
    package var handshakesPerSource = 100

    package init(certificates: [KeyPairSource]) { self.certificates = certificates }
}

/// What is asked of the caller's certificate.
package struct ClientCertificateConfiguration: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable { case required, optional, off }

    /// When open connections close whose certificate has expired or is no longer admitted.
    package enum WhenInvalid: String, Sendable, CaseIterable { case atOnce, afterExchange, never }

    /// A SPIFFE trust domain with the authorities that may name its workloads, and only those.
    package struct TrustDomain: Sendable, Equatable {
        package var name: String
        package var bundle: [MaterialSource]

        package init(name: String, bundle: [MaterialSource]) {
            self.name = name
            self.bundle = bundle
        }
    }

    package var mode = Mode.required
    /// Files or directories of PEM; empty only with `off` or with trust domains.
    package var trust: [MaterialSource] = []
    /// Certificates between the caller's and a trusted one, 0 to 10.
    package var depth = 4
    /// The checks of `X509_V_FLAG_X509_STRICT`.
    package var strict = true
    /// Bits of security that every key and signature must have: 80, 112, 128 or 192 (NIST SP 800-57).
    package var minimumStrength = 112
    package var revocationLists = RevocationListConfiguration()
    package var ocsp = OCSPConfiguration()
    /// Not empty: callers must present an X.509-SVID of one of these domains.
    package var trustDomains: [TrustDomain] = []
    package var whenInvalid = WhenInvalid.afterExchange

    package init() {}
}

package struct RevocationListConfiguration: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable {
        /// Every issuer of a chain must have a current list.
        case require
        /// A list is used where the issuer has one.
        case check
        case off
    }

    package var files: [MaterialSource] = []
    package var mode = Mode.off

    package init() {}
}

package struct OCSPConfiguration: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable {
        /// No answer is a refusal.
        case hard
        /// Only the answer `revoked` is a refusal.
        case soft
        case off
    }

    /// Which certificates of a caller's chain are asked about; never the trusted one.
    package enum Scope: String, Sendable, CaseIterable { case chain, leaf }

    package var mode = Mode.off
    package var scope = Scope.chain
    /// Asked instead of the responder that a certificate names.
    package var responder: ResponderURL?
    package var timeoutMilliseconds = 2_000

    package init() {}
}

package struct StaplingConfiguration: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable { case auto, off }

    package var mode = Mode.off
    package var responder: ResponderURL?

    package init() {}
}

package struct TicketConfiguration: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable { case on, off }

    package var mode = Mode.on
    /// Seal the sessions' tickets, so that other processes resume them; nil: sessions are held in memory.
    package var keys: MaterialSource?

    package init() {}
}
