package import NIOCore
package import PosternTLS

/// A connection's time before its first byte of HTTP, where its listener speaks TLS.
extension ServerConnection: TLSObserver {
    /// Takes what comes in front of TLS: the PROXY header where one is required. Then the source is known and can be
    /// held to its rate.
    ///
    /// - Parameter awaitsHeader: the balancer's header has not come yet. What follows it is the caller's own, who must not
    ///   be believed a second one.
    private func readPreface(
        _ bytes: inout ByteBuffer, _ tls: ServerTLS, awaitsHeader: inout Bool
    ) -> ServerListener.ProxyOutcome {
        if awaitsHeader {
            let outcome = listener.readProxyHeader(&bytes, &connection)
            guard case .accepted = outcome else { return outcome }
            awaitsHeader = false
        }
        guard bytes.readableBytes > 0 else { return .needMore }
        guard let limiter = tls.limiter, !limiter.admits(connection.remote) else { return .accepted }
        listener.handshakeRefused(connection.remote)
        return .refused
    }

    package func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, on channel: any Channel) {
        switch result {
        case .success(let result):
            connection.tls = result
            awaitRequest(within: listener.settings.timeouts.requestHead)
        case .failure: break
        }
        listener.handshakeEnded(result, connection.remote)
        let context = handshakeContext.take()
        guard connection.isTLS, listener.tls?.context !== context else { return }
        // The listener's certificates or trust have changed since the handshake began: who would not be let in any more is
        // treated as if the connection had been open when they did. Its dates were looked at a moment ago.
        var review = PeerReview()
        expelIfRefused(at: 0, &review)
    }

    func makeTLSHandler(_ tls: ServerTLS) -> TLSHandler {
        let handler = TLSHandler(
            tls.context, space: server.tlsSpace, wheel: server.wheel, timeout: listener.settings.timeouts.handshake,
            observer: self)
        handshakeContext = tls.context
        var awaitsHeader = listener.settings.requiresProxyHeader
        if awaitsHeader || tls.limiter != nil {
            handler.preface = { [unowned self] in readPreface(&$0, tls, awaitsHeader: &awaitsHeader) }
        }
        return handler
    }

    /// Ends the connection, as its listener says how, if its caller's certificate has expired or is no longer admitted by
    /// the trust that the listener has now, or if there is none where one has come to be required.
    func expelIfRefused(at epochSecond: Int, _ review: inout PeerReview) {
        guard context != nil, let secured = connection.tls, let tls = listener.tls, tls.whenInvalid != .keep,
            let refusal = refusal(of: secured.peer, tls, at: epochSecond, &review)
        else { return }
        // One whose exchange goes on is met again by every look.
        let isFirst = !isExpelled
        isExpelled = true
        if isFirst { listener.peerExpelled(refusal, connection.remote) }
        if case .closeAtOnce = tls.whenInvalid { closeNow() } else if isFirst { closeAfterExchange() }
    }

    private func refusal(
        of peer: VerifiedPeer?, _ tls: ServerTLS, at epochSecond: Int, _ review: inout PeerReview
    ) -> PeerRefusal? {
        guard let peer else {
            guard tls.context.clientAuthentication == .required else { return nil }
            return PeerRefusal(alert: .certificateRequired, reason: "the listener requires a certificate now")
        }
        guard epochSecond <= peer.notAfter else {
            let subject = peer.identity.subject
            return PeerRefusal(alert: .certificateExpired, reason: "the certificate of `\(subject)` has expired")
        }
        return review.refusal(of: peer, tls.verifier)
    }
}

/// One look at the callers of open connections: connections of one caller share their verdict.
struct PeerReview {
    private struct Question: Hashable {
        let peer: ObjectIdentifier
        let verifier: ObjectIdentifier
    }

    private var known: [Question: PeerRefusal?] = [:]
    /// Chains that were looked at, each about as dear as part of a handshake.
    private(set) var verified = 0

    mutating func refusal(of peer: VerifiedPeer, _ verifier: CertificateVerifier?) -> PeerRefusal? {
        // A listener that asks for no certificates any more refuses nobody for theirs.
        guard let verifier else { return nil }
        let question = Question(peer: ObjectIdentifier(peer), verifier: ObjectIdentifier(verifier))
        if let refusal = known[question] { return refusal }
        verified += 1
        let refusal = verifier.refusal(of: peer)
        known.updateValue(refusal, forKey: question)
        return refusal
    }
}
