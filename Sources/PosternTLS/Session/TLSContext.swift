import COpenSSL

/// What the TLS sessions of one listener, or toward one upstream, have in common. Owns one `SSL_CTX`.
///
/// Shared by all event loops; new settings or certificates make a new context, and sessions keep the one they began
/// with.
///
/// Sendable by this invariant: everything is set up in `init`; afterwards sessions only read it, and OpenSSL guards
/// what it counts in its own object.
package final class TLSContext: @unchecked Sendable {
    package enum Role: Sendable { case client, server }

    /// How a peer's certificates reach the verifier.
    enum Verification {
        /// Nobody asks.
        case none
        /// In OpenSSL's callback.
        case direct
        /// Behind a paused handshake of a server (ASYNC_pause_job(3)), because the verifier may defer.
        case paused
        /// In the callback, which a client may have repeated (SSL_set_retry_verify(3)).
        case repeated
    }

    package let role: Role
    let pointer: OpaquePointer
    let credentials: CredentialIndex
    package let clientAuthentication: ClientAuthentication
    let verifier: (any PeerVerifier)?
    let verification: Verification
    /// At most one of these two says how clients resume.
    let sessions: ServerSessions?
    let ticketKeys: TicketKeys?
    let mostHelloBytes: Int
    let asksForStaple: Bool
    /// ALPN names as the wire has them; OpenSSL's answer points into them.
    let protocols: UnsafeMutableBufferPointer<UInt8>

    /// The number of a session's application data that holds its paused verification.
    static let pausePlace = postern_ssl_place()

    /// A listener's context.
    ///
    /// - Parameter credentials: the default first; the others are chosen by server name and type of key.
    package init(server settings: TLSServerSettings, credentials: [TLSCredential]) throws(TLSConfigurationError) {
        guard !credentials.isEmpty else { throw TLSConfigurationError("a TLS listener needs a certificate") }
        let asks = settings.clientAuthentication != .off
        if asks, settings.verifier == nil {
            throw TLSConfigurationError("client certificates are asked for, but nothing says which are trusted")
        }
        role = .server
        pointer = try Self.makePointer(TLS_server_method())
        protocols = try Self.wire(settings.applicationProtocols)
        self.credentials = CredentialIndex(credentials)
        clientAuthentication = settings.clientAuthentication
        verifier = asks ? settings.verifier : nil
        verification = verifier.map { $0.mayDefer ? .paused : .direct } ?? .none
        ticketKeys = settings.ticketKeys
        sessions = settings.ticketKeys == nil ? settings.sessions : nil
        mostHelloBytes = settings.mostHelloBytes
        asksForStaple = false
        try applyPolicy(minimum: settings.minimumVersion, maximum: settings.maximumVersion)
        try configureServer(settings)
    }

    /// An upstream's context.
    package init(client settings: TLSClientSettings) throws(TLSConfigurationError) {
        role = .client
        pointer = try Self.makePointer(TLS_client_method())
        protocols = try Self.wire(settings.applicationProtocols)
        credentials = CredentialIndex(settings.credential.map { [$0] } ?? [])
        clientAuthentication = .off
        verifier = settings.verifier
        verification = settings.verifier.map { $0.mayDefer ? .repeated : .direct } ?? .none
        sessions = nil
        ticketKeys = nil
        mostHelloBytes = 0
        asksForStaple = settings.asksForStaple
        try applyPolicy(minimum: settings.minimumVersion, maximum: settings.maximumVersion)
        try configureClient(settings)
    }

    deinit {
        SSL_CTX_free(pointer)
        protocols.deallocate()
    }

    /// Whether its handshakes may wait for a verdict.
    package var mayDefer: Bool {
        switch verification {
        case .paused, .repeated: true
        case .none, .direct: false
        }
    }

    private static func makePointer(_ method: OpaquePointer?) throws(TLSConfigurationError) -> OpaquePointer {
        ERR_clear_error()
        // Applies the machine's configuration, as every program's that does not forbid it.
        guard let pointer = SSL_CTX_new(method) else {
            throw TLSConfigurationError("OpenSSL cannot set up TLS: \(OpenSSLError.drainText())")
        }
        return pointer
    }

    private static func wire(_ names: [String]) throws(TLSConfigurationError) -> UnsafeMutableBufferPointer<UInt8> {
        var bytes: [UInt8] = []
        for name in names {
            guard (1...255).contains(name.utf8.count) else {
                throw TLSConfigurationError("an application protocol's name has 1 to 255 bytes, not `\(name)`")
            }
            bytes.append(UInt8(name.utf8.count))
            bytes += name.utf8
        }
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = memory.initialize(from: bytes)
        return memory
    }
}
