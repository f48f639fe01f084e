import COpenSSL

/// Sessions that outlive their connection: what they carry, and who is asked before one is resumed.
extension TLSSession {
    /// More would make tickets that some clients do not take.
    static let mostResumptionBytes = 4_096

    // MARK: Server

    /// Whether a session that was asked for may be resumed; its peer is then the one that counts. A client may offer
    /// several sessions, of which OpenSSL takes the last that was asked about, so nothing stays of those before.
    ///
    /// - Parameter leaf: the certificate that the session proved; nil where there was none.
    func mayResume(leaf: Certificate?, data: [UInt8]?) -> Bool {
        resumablePeer = nil
        guard let leaf else { return context.verifier == nil || context.clientAuthentication == .optional }
        guard let verifier = context.verifier, let data else { return false }
        resumablePeer = verifier.resume(leaf: leaf, data: data)
        ERR_clear_error()
        return resumablePeer != nil
    }

    // MARK: Server, sessions that we hold

    /// Keeps the session that the client was told of: a TLS 1.3 handshake gives a new one even if it resumes. The
    /// certificates are not kept with it but with the peer, of whom there is mostly one object.
    func rememberSession(isResumed: Bool) {
        guard let sessions = context.sessions, !isResumed || SSL_version(ssl) >= TLSVersion.tls13.rawValue,
            peer == nil || peer?.resumptionData != nil, let session = SSL_get_session(ssl),
            let bare = postern_session_without_peer(session)
        else { return }
        sessions.keep(StoredSession(taking: bare, peer: peer))
    }

    func mayResume(_ stored: StoredSession) -> Bool {
        mayResume(leaf: stored.peer?.chain[0], data: stored.peer?.resumptionData)
    }

    // MARK: Server, sealed tickets

    /// The verifier's data goes into the ticket that is being made.
    func sealPeer() -> Bool {
        // A resumed session gives a new ticket before the handshake has said that it is resumed.
        let peer = SSL_session_reused(ssl) == 1 ? (resumablePeer ?? self.peer) : self.peer
        guard let session = SSL_get_session(ssl) else { return false }
        // Without data a session with a peer is not resumed, see below.
        guard let data = peer?.resumptionData, data.count <= Self.mostResumptionBytes else {
            return SSL_SESSION_set1_ticket_appdata(session, nil, 0) == 1
        }
        return SSL_SESSION_set1_ticket_appdata(session, [1] + data, data.count + 1) == 1
    }

    /// Whether the session in a ticket may be resumed.
    func mayResume(sealed session: OpaquePointer) -> Bool {
        var bytes: UnsafeMutableRawPointer?
        var count = 0
        let hasData = SSL_SESSION_get0_ticket_appdata(session, &bytes, &count) == 1
        let content = UnsafeRawBufferPointer(start: bytes, count: hasData ? count : 0)
        return mayResume(
            leaf: SSL_SESSION_get0_peer(session).map { Certificate(retaining: $0) },
            // The first byte tells that there is data at all, and its form.
            data: content.first == 1 ? Array(content.dropFirst()) : nil)
    }

    // MARK: Client

    /// Offers the newest kept session whose peer the verifier still believes.
    func offerSession() {
        while let stored = sessions?.take() {
            if let verifier = context.verifier {
                guard let peer = stored.peer, let data = peer.resumptionData,
                    let known = verifier.resume(leaf: peer.chain[0], data: data)
                else {
                    sessions?.forget(stored)
                    continue
                }
                resumablePeer = known
            }
            SSL_set_session(ssl, stored.pointer)
            offered = stored
            return
        }
    }

    /// OpenSSL tells of a new session, but in TLS 1.2 not of a resumed one that was given another ticket.
    func keepRenewedSession() {
        defer { offered = nil }
        guard let sessions, let offered, !offered.isUsedOnce, let current = SSL_get1_session(ssl) else { return }
        guard current != offered.pointer else { return SSL_SESSION_free(current) }
        sessions.forget(offered)
        sessions.keep(taking: current, peer: peer)
    }
}
