import COpenSSL

/// Why a handshake or a session ended other than by agreement.
package struct TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// A closed set for metrics and logs; raw values are what they are called there.
    package enum Kind: String, Sendable, CaseIterable {
        /// The caller sent HTTP where TLS was expected.
        case plainHTTP = "plain_http"
        /// The first bytes are no TLS record.
        case notTLS = "not_tls"
        case helloTooLarge = "client_hello_too_large"
        case noSharedVersion = "no_shared_version"
        /// No suite, group or signature algorithm in common.
        case noSharedCipher = "no_shared_cipher"
        case noApplicationProtocol = "no_application_protocol"
        case certificateMissing = "certificate_missing"
        /// The verifier refused the peer; `refusal` says why.
        case certificateRefused = "certificate_refused"
        case chainTooLarge = "certificate_chain_too_large"
        /// The peer ended it with an alert; `alertReceived` says which.
        case peerAlert = "peer_alert"
        case handshakeTimeout = "handshake_timeout"
        case closedInHandshake = "closed_in_handshake"
        /// The connection ended without close_notify: what was read last may be cut short.
        case truncated
        case protocolError = "protocol_error"
        /// Ours: memory, randomness, the private key's provider.
        case internalError = "internal_error"
    }

    package let kind: Kind
    /// OpenSSL's own reason, or the verifier's: lower case, no full stop, user text in backticks.
    package let reason: String
    package var alertSent: TLSAlert?
    package var alertReceived: TLSAlert?
    package var refusal: PeerRefusal?

    package init(
        _ kind: Kind, _ reason: String, alertSent: TLSAlert? = nil, alertReceived: TLSAlert? = nil,
        refusal: PeerRefusal? = nil
    ) {
        self.kind = kind
        self.reason = reason
        self.alertSent = alertSent
        self.alertReceived = alertReceived
        self.refusal = refusal
    }

    package var description: String { "\(kind.rawValue): \(reason)" }

    /// What an error of OpenSSL's TLS library means.
    static func kind(of error: OpenSSLError) -> Kind {
        guard error.library == ERR_LIB_SSL else { return .protocolError }
        // From here on up reasons are the peer's alerts (ssl/statem: SSL_AD_REASON_OFFSET).
        if error.code >= SSL_AD_REASON_OFFSET { return .peerAlert }
        switch error.code {
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: return .plainHTTP
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_RECORD_LENGTH_MISMATCH: return .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE: return .noSharedVersion
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SHARED_GROUPS,
            SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SUITABLE_GROUPS:
            return .noSharedCipher
        case SSL_R_NO_APPLICATION_PROTOCOL: return .noApplicationProtocol
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .certificateMissing
        case SSL_R_EXCESSIVE_MESSAGE_SIZE: return .chainTooLarge
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .truncated
        default: return .protocolError
        }
    }
}
