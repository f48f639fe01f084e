/// What a finished handshake established; fixed for the connection's life.
package struct TLSHandshakeResult: Sendable {
    package let version: TLSVersion
    /// OpenSSL's name of the suite, such as `TLS_AES_256_GCM_SHA384`.
    package let cipher: String
    /// What ALPN agreed on; nil where it was not used.
    package let applicationProtocol: String?
    /// The name that the client asked for.
    package let serverName: String?
    package let isResumed: Bool
    /// nil: no certificate was presented (or, as a client, none was looked at).
    package let peer: VerifiedPeer?
}
