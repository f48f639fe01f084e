/// The verifier of a listener's clients or of an integration's servers: one trust store, one set of rules, and the chains
/// that passed lately.
///
/// Immutable but for the cache: other trust is another verifier. Its answers never wait; a check that has to (OCSP) asks
/// `decide` first and goes on from the chain in it.
package final class CertificateVerifier: PeerVerifier {
    package let verifier: ChainVerifier
    /// Whom every peer must name; nil for clients, and for servers that must name what was asked for in the handshake.
    package let expected: ExpectedPeer?
    private let cache: VerifiedChainCache
    /// Seconds since 1970.
    private let now: @Sendable () -> Int

    package init(
        _ verifier: ChainVerifier, expecting expected: ExpectedPeer? = nil,
        cache: VerifiedChainCache = VerifiedChainCache(), now: @escaping @Sendable () -> Int
    ) {
        self.verifier = verifier
        self.expected = expected
        self.cache = cache
        self.now = now
    }

    package var mayDefer: Bool { false }

    package func verify(_ peer: PresentedPeer, later: DeferredVerdict) -> PeerVerdict {
        do {
            return .accepted(try decide(peer))
        } catch {
            return .refused(error)
        }
    }

    /// The whole decision, from memory where the same chain passed lately.
    package func decide(_ peer: PresentedPeer) throws(PeerRefusal) -> VerifiedPeer {
        let now = now()
        let key = VerifiedChainCache.Key(
            presented: Fingerprint(of: peer.chain), expected: try expectation(for: peer))
        if let known = cache.peer(for: key, at: now) { return known }
        return try verify(peer.chain, key: key, at: now)
    }

    package func resume(leaf: Certificate, data: [UInt8]) -> VerifiedPeer? {
        guard let ticket = ResumptionData(data) else { return nil }
        let now = now()
        let key = VerifiedChainCache.Key(presented: ticket.presented, expected: expected ?? ticket.expected)
        if let known = cache.peer(for: key, at: now) { return known.chain[0] == leaf ? known : nil }
        guard let intermediates = ticket.intermediates else { return nil }
        let chain = [leaf] + intermediates.compactMap { Certificate(der: $0) }
        guard chain.count == intermediates.count + 1 else { return nil }
        return try? verify(chain, key: key, at: now)
    }

    /// Whether the peer of a live connection would still be let in; nil if so. The name that a server was asked by does
    /// not change, so only a name that every peer must have is looked for again.
    package func refusal(of peer: VerifiedPeer) -> PeerRefusal? {
        switch verifier.verify(peer.chain, at: now(), expecting: expected) {
        case .accepted: nil
        case .refused(let failure): failure.refusal
        }
    }

    private func verify(
        _ presented: [Certificate], key: VerifiedChainCache.Key, at now: Int
    ) throws(PeerRefusal) -> VerifiedPeer {
        switch verifier.verify(presented, at: now, expecting: key.expected) {
        case .refused(let failure): throw failure.refusal
        case .accepted(let chain):
            let data = ResumptionData(
                presented: key.presented, expected: expected == nil ? key.expected : nil,
                intermediates: chain.certificates.dropFirst().dropLast().map(\.der))
            let peer = VerifiedPeer(
                chain: chain.certificates, identity: chain.identity, notAfter: chain.notAfter,
                resumptionData: data.bytes)
            cache.remember(peer, of: chain, for: key)
            return peer
        }
    }

    /// A server that nobody named beforehand must be the one whose name went into the handshake.
    private func expectation(for peer: PresentedPeer) throws(PeerRefusal) -> ExpectedPeer? {
        if let expected { return expected }
        guard peer.role == .server else { return nil }
        guard let name = peer.serverName else {
            throw PeerRefusal(alert: .internalError, reason: "no name is known that the server's certificate must have")
        }
        return ExpectedPeer(named: name)
    }
}
