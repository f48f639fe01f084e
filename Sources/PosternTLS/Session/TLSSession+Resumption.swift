import COpenSSL

/// Sessions that outlive their connection: what they carry, and who is asked before one is resumed.
extension TLSSession {
    /// More would make tickets that some clients do not take.
    static let mostResumptionBytes = 4_096

    // MARK: Server

    /// The verifier's data goes into the ticket that is being made.
    func sealPeer() -> Bool {
        // A resumed session gives a new ticket, before the handshake has said that it is resumed.
        let peer = SSL_session_reused(ssl) == 1 ? (resumablePeer ?? self.peer) : self.peer
        guard let session = SSL_get_session(ssl) else { return false }
        // Without data a session with a peer is not resumed, see below.
        guard let data = peer?.resumptionData, data.count <= Self.mostResumptionBytes else {
            return SSL_SESSION_set1_ticket_appdata(session, nil, 0) == 1
        }
        return SSL_SESSION_set1_ticket_appdata(session, [1] + data, data.count + 1) == 1
    }

    /// Whether the session in a ticket may be resumed.
    func mayResume(_ session: OpaquePointer) -> Bool {
        guard let verifier = context.verifier else { return SSL_SESSION_get0_peer(session) == nil }
        guard let leaf = SSL_SESSION_get0_peer(session) else { return context.clientAuthentication == .optional }
        var bytes: UnsafeMutableRawPointer?
        var count = 0
        guard SSL_SESSION_get0_ticket_appdata(session, &bytes, &count) == 1, let bytes, count > 0 else { return false }
        let content = UnsafeRawBufferPointer(start: bytes, count: count)
        // The first byte tells that there is data at all, and its form.
        guard content[0] == 1 else { return false }
        resumablePeer = verifier.resume(leaf: Certificate(retaining: leaf), data: Array(content.dropFirst()))
        ERR_clear_error()
        return resumablePeer != nil
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
