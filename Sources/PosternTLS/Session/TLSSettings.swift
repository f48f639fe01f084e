import COpenSSL

package enum TLSVersion: Int32, Sendable, Comparable, CustomStringConvertible {
    case tls12 = 0x0303
    case tls13 = 0x0304

    package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }

    /// As logs and variables name it.
    package var description: String {
        switch self {
        case .tls12: "TLSv1.2"
        case .tls13: "TLSv1.3"
        }
    }
}

package enum ClientAuthentication: String, Sendable {
    /// A handshake without a certificate that is believed ends with an alert.
    case required
    /// A client may come without a certificate; one that it presents must be believed.
    case optional
    /// No certificate is asked for.
    case off
}

/// What the connections of one TLS listener obey.
package struct TLSServerSettings: Sendable {
    package var minimumVersion = TLSVersion.tls12
    package var maximumVersion = TLSVersion.tls13
    /// ALPN names, most wanted first; empty: the extension is not answered. A client that offers others only is refused
    /// with no_application_protocol (RFC 7301, section 3.2).
    package var applicationProtocols = ["http/1.1"]
    package var clientAuthentication = ClientAuthentication.required
    /// Who decides about client certificates; must be there unless authentication is off.
    package var verifier: (any PeerVerifier)?
    /// Bytes of records until a ClientHello is complete.
    package var mostHelloBytes = 16_384
    /// Bytes of a client's Certificate message.
    package var mostChainBytes = 32_768
    /// Where sessions are held that clients may resume; the contexts of a listener share it. nil: nowhere.
    package var sessions: ServerSessions?
    /// Seals sessions in tickets that the clients hold, for gateways that share their keys; `sessions` is then not used.
    package var ticketKeys: TicketKeys?
    /// How long a session may be resumed, seconds; at most seven days (RFC 8446, section 4.6.1).
    package var sessionSeconds = 7_200
    /// What a session belongs to: sessions of one listener are never resumed on another.
    package var sessionScope = ""

    package init() {}
}

/// How we speak TLS to one upstream.
package struct TLSClientSettings: Sendable {
    package var minimumVersion = TLSVersion.tls12
    package var maximumVersion = TLSVersion.tls13
    package var applicationProtocols = ["http/1.1"]
    /// Who decides about the server's certificates and their names; nil believes anybody (`insecureSkipVerification`).
    package var verifier: (any PeerVerifier)?
    /// Presented where the server asks for a client certificate.
    package var credential: TLSCredential?
    /// Asks for a stapled OCSP response, which the verifier then sees (TLS 1.3).
    package var asksForStaple = false
    /// Bytes of a server's Certificate message.
    package var mostChainBytes = 102_400

    package init() {}
}

/// Settings, certificates or keys that cannot be used, in the author's terms.
package struct TLSConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
