import COpenSSL

/// How the peer's certificates come before the verifier, and its verdict back to OpenSSL.
extension TLSSession {
    /// In OpenSSL's callback, on our own stack.
    /// - Returns: whether OpenSSL is to go on.
    func verifyPeer(_ store: OpaquePointer) -> Bool {
        guard context.verifier != nil else { return true }
        let verdict = self.verdict.take() ?? ask(about: store)
        if case .deferred = verdict {
            // Only a client's callback is asked again; a server's verifier that may defer has its handshake paused.
            guard case .repeated = context.verification, postern_ssl_set_retry_verify(ssl) == 1 else {
                return settle(Self.misplacedDeferral, store)
            }
            return true
        }
        return settle(verdict, store)
    }

    private static let misplacedDeferral = PeerVerdict.refused(
        PeerRefusal(alert: .internalError, reason: "the verifier deferred where it had said that it never does"))

    // MARK: Paused handshakes

    /// OpenSSL's fiber rests in its verify callback: decides on this stack and leaves the result there.
    /// - Returns: whether to go on; false while the verdict is waited for.
    func decidePaused() -> Bool {
        guard let store = pausedStore else { return true }
        let verdict = self.verdict.take() ?? ask(about: store)
        if case .deferred = verdict { return takeDeferredVerdict() }
        _ = settle(verdict, store)
        return true
    }

    private var pausedStore: OpaquePointer? {
        SSL_get_ex_data(ssl, TLSContext.pausePlace).map { OpaquePointer($0) }
    }

    /// Runs a paused handshake to its (refused) end, which frees its fiber. What it writes goes nowhere.
    func endPausedVerification() {
        guard let store = pausedStore else { return }
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION)
        SSL_do_handshake(ssl)
        ERR_clear_error()
    }

    /// - Returns: false while a deferred verdict is still missing.
    func takeDeferredVerdict() -> Bool {
        guard let deferred else { return true }
        guard let verdict = deferred.verdict else { return false }
        self.deferred = nil
        if let store = pausedStore { _ = settle(verdict, store) } else { self.verdict = verdict }
        return true
    }

    // MARK: Verdicts

    private func ask(about store: OpaquePointer) -> PeerVerdict {
        guard let verifier = context.verifier, let sent = X509_STORE_CTX_get0_untrusted(store) else {
            return .refused(PeerRefusal(alert: .internalError, reason: "OpenSSL showed no certificate"))
        }
        let chain = (0..<postern_x509_stack_count(sent)).compactMap { index in
            postern_x509_stack_at(sent, index).map { Certificate(retaining: $0) }
        }
        let isClient = context.role == .client
        let presented = PresentedPeer(
            role: isClient ? .server : .client, chain: chain, serverName: serverName ?? requestedName,
            stapledResponse: isClient ? stapledResponse : nil)
        let later = DeferredVerdict(wake: wake ?? {})
        let verdict = verifier.verify(presented, later: later)
        if case .deferred = verdict { deferred = later }
        // What the verifier left in the queue is not the handshake's.
        ERR_clear_error()
        return verdict
    }

    private var stapledResponse: [UInt8]? {
        var bytes: UnsafePointer<UInt8>?
        let length = postern_ssl_status(ssl, &bytes)
        guard let bytes, length > 0 else { return nil }
        return Array(UnsafeBufferPointer(start: bytes, count: length))
    }

    private func settle(_ verdict: PeerVerdict, _ store: OpaquePointer) -> Bool {
        switch verdict {
        case .accepted(let accepted):
            peer = accepted
            X509_STORE_CTX_set_error(store, X509_V_OK)
            return true
        case .refused(let refused):
            refusal = refused
            X509_STORE_CTX_set_error(store, Self.code(for: refused.alert))
            return false
        case .deferred:
            return false
        }
    }

    /// OpenSSL chooses the alert by the error in the store's context; this is an error that it tells as `alert`
    /// (ssl/statem/statem_lib.c, `ssl_x509err2alert`).
    private static func code(for alert: TLSAlert) -> Int32 {
        switch alert {
        case .badCertificate: X509_V_ERR_CERT_REJECTED
        case .unsupportedCertificate: X509_V_ERR_INVALID_PURPOSE
        case .certificateRevoked: X509_V_ERR_CERT_REVOKED
        case .certificateExpired: X509_V_ERR_CERT_HAS_EXPIRED
        case .unknownCA: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        case .decryptError: X509_V_ERR_CERT_SIGNATURE_FAILURE
        case .internalError: X509_V_ERR_OUT_OF_MEM
        case .handshakeFailure: X509_V_ERR_APPLICATION_VERIFICATION
        default: X509_V_ERR_NO_EXPLICIT_POLICY
        }
    }
}
