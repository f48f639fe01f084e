import COpenSSL
import Glibc

/// One TLS connection without its socket: records in and out by a `RecordTransport`, plaintext by `read` and `write`.
///
/// Owns one `SSL`. Belongs to one thread.
package final class TLSSession {
    package enum Progress {
        /// More of the peer's records are needed.
        case wantsInput
        /// The verifier has deferred its verdict: call again when it came.
        case awaitsVerdict
        case done(TLSHandshakeResult)
    }

    package enum ReadResult: Equatable {
        case bytes(Int)
        case wantsInput
        /// The peer has ended its side with close_notify.
        case ended
    }

    let context: TLSContext
    let transport: any RecordTransport
    /// nil: sessions are not kept for resumption.
    let sessions: ClientSessions?
    /// Whom we want to reach; nil for servers, which are asked by `requestedName`.
    let serverName: String?
    /// Called on any thread when a deferred verdict is there.
    package var wake: (@Sendable () -> Void)?

    let ssl: OpaquePointer
    /// Bytes of records that may come before a ClientHello is complete.
    var helloBudget = Int.max
    var helloIsTooLarge = false
    var hasAskedForCertificate = false
    package internal(set) var alertSent: TLSAlert?
    package internal(set) var alertReceived: TLSAlert?

    /// Whom the verifier accepted, in this handshake or in the one that is resumed.
    var peer: VerifiedPeer?
    /// The peer of the session that may be resumed; it counts once the handshake says so.
    var resumablePeer: VerifiedPeer?
    /// What a client offered to resume.
    var offered: StoredSession?
    var refusal: PeerRefusal?
    /// Waited for; kept until its verdict was seen.
    var deferred: DeferredVerdict?
    /// A client's verdict on its way into the repeated callback.
    var verdict: PeerVerdict?

    private(set) var isEstablished = false
    /// After a fatal error OpenSSL must not be asked to close.
    private var isBroken = false
    private var hasEnded = false

    /// - Parameters:
    ///   - serverName: as a client, the host that is wanted; sent as SNI unless it is an address.
    ///   - sessions: as a client, where sessions are kept between connections to the same upstream.
    package init(
        context: TLSContext, transport: any RecordTransport, serverName: String? = nil, sessions: ClientSessions? = nil
    ) {
        guard let ssl = SSL_new(context.pointer) else { preconditionFailure("no memory for a TLS session") }
        self.context = context
        self.transport = transport
        self.serverName = serverName
        self.sessions = sessions
        self.ssl = ssl
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        let bio = RecordBIO.make(for: self)
        SSL_set_bio(ssl, bio, bio)
        switch context.role {
        case .server:
            helloBudget = context.mostHelloBytes
            SSL_set_accept_state(ssl)
        case .client:
            SSL_set_connect_state(ssl)
            if let serverName, !Self.isAddress(serverName) { _ = postern_ssl_set_server_name(ssl, serverName) }
            if context.asksForStaple { postern_ssl_ask_for_status(ssl) }
            offerSession()
        }
    }

    deinit {
        abandon()
        // A connection that ended without our close_notify leaves its session resumable: truncation is judged by us.
        if isEstablished, !isBroken { SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        SSL_free(ssl)
        ERR_clear_error()
    }

    /// The session of an `SSL`. It is alive: it frees its `SSL` in its own `deinit`.
    static func of(_ ssl: OpaquePointer?) -> TLSSession? {
        SSL_get_ex_data(ssl, 0).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The name in the client's hello (or in ours).
    var requestedName: String? { SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) } }

    private static func isAddress(_ name: String) -> Bool {
        var space: (UInt64, UInt64) = (0, 0)
        return inet_pton(AF_INET, name, &space) == 1 || inet_pton(AF_INET6, name, &space) == 1
    }

    // MARK: Handshake

    /// Goes as far as the received records allow. Not called again after `done` or an error.
    package func advance() throws(TLSFailure) -> Progress {
        guard takeDeferredVerdict() else { return .awaitsVerdict }
        while true {
            ERR_clear_error()
            // From here on the client's certificate may come; before, our own signature has been made, whose provider
            // may need more stack than OpenSSL's fibers have.
            if hasAskedForCertificate, case .paused = context.verification {
                postern_ssl_set_mode(ssl, Int(SSL_MODE_ASYNC))
            }
            let result = SSL_do_handshake(ssl)
            if result == 1 { return .done(try finish()) }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: return .wantsInput
            case SSL_ERROR_WANT_ASYNC: if !decidePaused() { return .awaitsVerdict }
            case SSL_ERROR_WANT_RETRY_VERIFY: if !takeDeferredVerdict() { return .awaitsVerdict }
            default: throw failure()
            }
        }
    }

    private func finish() throws(TLSFailure) -> TLSHandshakeResult {
        postern_ssl_clear_mode(ssl, Int(SSL_MODE_ASYNC))
        let isResumed = SSL_session_reused(ssl) == 1
        if isResumed { peer = resumablePeer }
        resumablePeer = nil
        if isResumed { keepRenewedSession() }
        let needsPeer =
            context.verifier != nil && (context.role == .client || context.clientAuthentication == .required)
        guard peer != nil || !needsPeer, let version = TLSVersion(rawValue: SSL_version(ssl)) else {
            isBroken = true
            throw TLSFailure(.internalError, "the handshake ended without a verified peer")
        }
        isEstablished = true
        rememberSession(isResumed: isResumed)
        return TLSHandshakeResult(
            version: version, cipher: String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))),
            applicationProtocol: chosenProtocol, serverName: serverName ?? requestedName, isResumed: isResumed,
            peer: peer)
    }

    private var chosenProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        guard let name, length > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// Gives up: a handshake that rests is ended, because OpenSSL does not free one that is paused.
    package func abandon() {
        wake = nil
        deferred?.abandon()
        deferred = nil
        if !isEstablished { endPausedVerification() }
    }

    // MARK: Application data

    /// Decrypts into `space`, at most one record's content.
    package func read(into space: UnsafeMutableRawBufferPointer) throws(TLSFailure) -> ReadResult {
        guard !hasEnded else { return .ended }
        ERR_clear_error()
        var count = 0
        let result = SSL_read_ex(ssl, space.baseAddress, space.count, &count)
        // OpenSSL answers every such wish with a warning, without end.
        if alertSent == .noRenegotiation {
            isBroken = true
            throw TLSFailure(.protocolError, "the peer asked to renegotiate", alertSent: .noRenegotiation)
        }
        if result == 1 { return .bytes(count) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsInput
        case SSL_ERROR_ZERO_RETURN:
            hasEnded = true
            return .ended
        default: throw failure()
        }
    }

    /// Whether OpenSSL holds received bytes, decrypted or not.
    package var hasPending: Bool { SSL_has_pending(ssl) == 1 }

    /// Encrypts all of `bytes` into records of up to 16,384 bytes of content.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(TLSFailure) {
        guard bytes.count > 0 else { return }
        ERR_clear_error()
        var written = 0
        // The transport takes everything, so nothing is ever left over.
        guard SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &written) == 1 else { throw failure() }
    }

    /// Sends close_notify, once: nothing is written behind it.
    package func closeOutput() {
        guard isEstablished, !isBroken, SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN == 0 else { return }
        SSL_shutdown(ssl)
        ERR_clear_error()
    }

    // MARK: Failures

    private func failure() -> TLSFailure {
        isBroken = true
        let error = OpenSSLError.drain()
        if helloIsTooLarge {
            sendPlainAlert(.decodeError)
            return TLSFailure(
                .helloTooLarge, "the ClientHello has more than \(context.mostHelloBytes) bytes", alertSent: .decodeError
            )
        }
        if let refusal {
            return TLSFailure(.certificateRefused, refusal.reason, alertSent: alertSent, refusal: refusal)
        }
        guard let error else {
            return TLSFailure(
                .internalError, "OpenSSL gave no reason", alertSent: alertSent, alertReceived: alertReceived)
        }
        return TLSFailure(
            TLSFailure.kind(of: error), error.description, alertSent: alertSent, alertReceived: alertReceived)
    }

    /// A fatal alert before any key exists (RFC 8446, section 5.1).
    private func sendPlainAlert(_ alert: TLSAlert) {
        let record: [UInt8] = [21, 3, 1, 0, 2, 2, alert.rawValue]
        record.withUnsafeBytes { transport.put($0) }
    }
}
