import COpenSSL

/// What OpenSSL asks in the middle of a handshake. Each finds its session in the `SSL`'s application data and answers
/// from what the context holds; none of them waits.
extension TLSContext {
    /// Alerts both ways, and how far a handshake has come.
    static let notice: @convention(c) (OpaquePointer?, Int32, Int32) -> Void = { ssl, place, value in
        guard let session = TLSSession.of(ssl) else { return }
        if place & SSL_CB_ALERT != 0 {
            let alert = TLSAlert(rawValue: UInt8(truncatingIfNeeded: value))
            if place & SSL_CB_READ != 0 { session.alertReceived = alert } else { session.alertSent = alert }
        } else if place & SSL_CB_LOOP != 0, SSL_get_state(ssl) == TLS_ST_SW_CERT_REQ {
            session.hasAskedForCertificate = true
        }
    }

    static let helloCame:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 = {
            ssl, _, _ in
            TLSSession.of(ssl)?.helloBudget = .max
            return SSL_CLIENT_HELLO_SUCCESS
        }

    /// Chooses the certificates by the name that the client wants. A name that nobody has gets the default.
    static let chooseCredential:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 = {
            ssl, alert, _ in
            guard let session = TLSSession.of(ssl), let name = session.requestedName,
                let chosen = session.context.credentials.credentials(for: name),
                chosen.first !== session.context.credentials.fallback.first
            else { return SSL_TLSEXT_ERR_OK }
            SSL_certs_clear(ssl)
            for credential in chosen where !credential.use(inSession: ssl!) {
                alert?.pointee = SSL_AD_INTERNAL_ERROR
                return SSL_TLSEXT_ERR_ALERT_FATAL
            }
            return SSL_TLSEXT_ERR_OK
        }

    static let chooseProtocol:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
            UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
        ) -> Int32 = { ssl, chosen, length, offered, offeredLength, _ in
            guard let ours = TLSSession.of(ssl)?.context.protocols, let chosen else {
                return SSL_TLSEXT_ERR_ALERT_FATAL
            }
            var place: UnsafeMutablePointer<UInt8>?
            let answer = SSL_select_next_proto(
                &place, length, ours.baseAddress, UInt32(ours.count), offered, offeredLength)
            guard answer == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            chosen.pointee = UnsafePointer(place)
            return SSL_TLSEXT_ERR_OK
        }

    /// The OCSP response of the certificate that was chosen, where there is one.
    static let giveStaple: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, _ in
        guard let session = TLSSession.of(ssl), let used = SSL_get_certificate(ssl) else {
            return SSL_TLSEXT_ERR_NOACK
        }
        let candidates =
            session.requestedName.flatMap { session.context.credentials.credentials(for: $0) }
            ?? session.context.credentials.fallback
        guard let staple = candidates.first(where: { $0.certificate.x509 == used })?.staple, !staple.isEmpty,
            let copy = postern_allocate(staple.count)
        else { return SSL_TLSEXT_ERR_NOACK }
        copy.copyMemory(from: staple, byteCount: staple.count)
        postern_ssl_set_status(ssl, copy.assumingMemoryBound(to: UInt8.self), staple.count)
        return SSL_TLSEXT_ERR_OK
    }

    static let verify: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { store, _ in
        guard let store,
            let place = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let session = TLSSession.of(OpaquePointer(place))
        else { return 0 }
        return session.verifyPeer(store) ? 1 : 0
    }

    // MARK: Resumption of what we hold

    /// A client wants to resume. nil leads to a full handshake.
    /// - Returns: a session with a reference for OpenSSL.
    static let sessionWanted:
        @convention(c) (OpaquePointer?, UnsafePointer<UInt8>?, Int32, UnsafeMutablePointer<Int32>?) -> OpaquePointer? =
            { ssl, id, length, isCopied in
                // OpenSSL would add its reference only after another thread may have given back ours.
                isCopied?.pointee = 0
                guard let session = TLSSession.of(ssl), let id = ServerSessions.ID(id, count: Int(length)),
                    let stored = session.context.sessions?.find(id), session.mayResume(stored)
                else { return nil }
                SSL_SESSION_up_ref(stored.pointer)
                return stored.pointer
            }

    /// A connection ended with an error, after which its session is no longer good (RFC 5246, section 7.2.2; RFC 8446,
    /// section 6.2), or one is past its time.
    static let sessionBroken: @convention(c) (OpaquePointer?, OpaquePointer?) -> Void = { context, broken in
        guard let place = SSL_CTX_get_ex_data(context, 0), let id = ServerSessions.ID(of: broken) else { return }
        Unmanaged<TLSContext>.fromOpaque(place).takeUnretainedValue().sessions?.forget(id)
    }

    // MARK: Resumption by tickets, and by clients

    /// A ticket is being made: what the verifier wants to see again goes in.
    static let sealState: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, _ in
        TLSSession.of(ssl)?.sealPeer() == true ? 1 : 0
    }

    /// A ticket was opened: whether its session may be resumed. A refusal leads to a full handshake.
    static let openState:
        @convention(c) (
            OpaquePointer?, OpaquePointer?, UnsafePointer<UInt8>?, Int, SSL_TICKET_STATUS, UnsafeMutableRawPointer?
        ) -> SSL_TICKET_RETURN = { ssl, stored, _, _, status, _ in
            switch status {
            case SSL_TICKET_SUCCESS, SSL_TICKET_SUCCESS_RENEW:
                guard let session = TLSSession.of(ssl), let stored, session.mayResume(sealed: stored) else {
                    return SSL_TICKET_RETURN_IGNORE_RENEW
                }
                return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
            case SSL_TICKET_EMPTY, SSL_TICKET_NO_DECRYPT: return SSL_TICKET_RETURN_IGNORE_RENEW
            default: return SSL_TICKET_RETURN_IGNORE
            }
        }

    /// A server gave us a session to resume.
    /// - Returns: 1, where we keep OpenSSL's reference.
    static let sessionCame: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, stored in
        guard let session = TLSSession.of(ssl), let stored, let sessions = session.sessions else { return 0 }
        sessions.keep(taking: stored, peer: session.peer)
        return 1
    }
}
