import COpenSSL

extension TLSContext {
    // MARK: Server

    func configureServer(_ settings: TLSServerSettings) throws(TLSConfigurationError) {
        for credential in credentials.fallback { try credential.use(in: pointer) }
        SSL_CTX_set_client_hello_cb(pointer, Self.helloCame, nil)
        postern_ctx_set_servername(pointer, Self.chooseCredential, nil)
        postern_ctx_set_status(pointer, Self.giveStaple, nil)
        if protocols.count > 0 { SSL_CTX_set_alpn_select_cb(pointer, Self.chooseProtocol, nil) }
        try configureResumption(settings)
        guard verifier != nil else { return }
        let isRequired = settings.clientAuthentication == .required
        let mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE | (isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
        SSL_CTX_set_verify(pointer, mode, nil)
        postern_ctx_set_most_certificate_bytes(pointer, settings.mostChainBytes)
        if case .paused = verification {
            guard ASYNC_is_capable() == 1, Self.pausePlace > 0 else {
                throw TLSConfigurationError("this OpenSSL cannot pause a handshake, which the verifier needs")
            }
            postern_ctx_pause_verification(pointer, Self.pausePlace)
        } else {
            SSL_CTX_set_cert_verify_callback(pointer, Self.verify, nil)
        }
    }

    /// One ticket a handshake, also behind a resumed one: a client that opens more connections gets more with them.
    private func configureResumption(_ settings: TLSServerSettings) throws(TLSConfigurationError) {
        postern_ctx_set_session_cache(pointer, Int(SSL_SESS_CACHE_OFF))
        if ticketKeys != nil {
            postern_ctx_set_ticket_keys(pointer, TicketSealing.callback)
            SSL_CTX_set_session_ticket_cb(pointer, Self.sealState, Self.openState, nil)
        } else {
            // With a place for sessions, OpenSSL makes their numbers the tickets of TLS 1.3.
            postern_ctx_forbid_tickets(pointer)
        }
        guard ticketKeys != nil || sessions != nil else {
            SSL_CTX_set_num_tickets(pointer, 0)
            return
        }
        if sessions != nil {
            postern_ctx_set_session_cache(pointer, Int(SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL))
            // Alive whenever OpenSSL asks: a session holds its context.
            SSL_CTX_set_ex_data(pointer, 0, Unmanaged.passUnretained(self).toOpaque())
            SSL_CTX_sess_set_get_cb(pointer, Self.sessionWanted)
            SSL_CTX_sess_set_remove_cb(pointer, Self.sessionBroken)
        }
        SSL_CTX_set_num_tickets(pointer, 1)
        postern_ctx_set_session_seconds(pointer, settings.sessionSeconds)
        // What a session was good for is part of its scope: one made without a certificate admits nowhere else.
        let scope = Array("\(settings.clientAuthentication.rawValue):\(settings.sessionScope)".utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(scope, scope.count, &digest, nil, EVP_sha256(), nil) == 1,
            SSL_CTX_set_session_id_context(pointer, digest, 32) == 1
        else { throw TLSConfigurationError("sessions cannot be told apart: \(OpenSSLError.drainText())") }
    }

    // MARK: Client

    func configureClient(_ settings: TLSClientSettings) throws(TLSConfigurationError) {
        if let credential = settings.credential { try credential.use(in: pointer) }
        if protocols.count > 0, SSL_CTX_set_alpn_protos(pointer, protocols.baseAddress, UInt32(protocols.count)) != 0 {
            throw TLSConfigurationError("application protocols cannot be offered: \(OpenSSLError.drainText())")
        }
        SSL_CTX_set_verify(pointer, verifier == nil ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
        SSL_CTX_set_cert_verify_callback(pointer, Self.verify, nil)
        postern_ctx_set_most_certificate_bytes(pointer, settings.mostChainBytes)
        // Sessions go to `ClientSessions`, not into OpenSSL's own cache.
        postern_ctx_set_session_cache(pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(pointer, Self.sessionCame)
    }
}
