import Synchronization

/// Decides whether a peer's certificates are believed: OpenSSL proves that the peer holds the leaf's private key,
/// everything else (chain, names, validity, revocation) is decided here.
///
/// A verifier is shared by all event loops and changes its trust by being replaced in its context, or by a `generation`
/// of its own that travels in `VerifiedPeer.resumptionData`.
package protocol PeerVerifier: AnyObject, Sendable {
    /// Whether `verify` may answer `.deferred`. Read once, when a context is made: a server's handshakes then run where
    /// they can be paused.
    var mayDefer: Bool { get }

    /// Decides about a full handshake's peer, on the thread of the session and without blocking it.
    ///
    /// - Parameter later: kept by a verifier that answers `.deferred`, which must then give it a verdict once and in
    ///   bounded time; any thread may.
    func verify(_ peer: PresentedPeer, later: DeferredVerdict) -> PeerVerdict

    /// Decides whether the peer of an earlier handshake may resume it. Never deferred, and a refusal is no failure: it
    /// only makes the handshake a full one, in which `verify` is asked.
    ///
    /// - Parameters:
    ///   - leaf: the certificate proven in the earlier handshake.
    ///   - data: the `resumptionData` of the verdict then, which travelled encrypted and authenticated in the ticket.
    /// - Returns: the peer as it is known now; nil where anything has to be looked at again: trust or revocation lists
    ///   of another generation, a certificate that has expired, a chain no longer remembered.
    func resume(leaf: Certificate, data: [UInt8]) -> VerifiedPeer?
}

/// What a peer sent to prove itself.
package struct PresentedPeer: Sendable {
    package enum Role: Sendable { case client, server }

    package let role: Role
    /// As sent, the leaf first; never empty. The rest is in no promised order and may be unrelated.
    package let chain: [Certificate]
    /// The name asked for in the handshake: what a client wanted from us, or what we wanted from a server.
    package let serverName: String?
    /// The OCSP response (DER) that a server stapled, where we asked for one; TLS 1.3 only, as in
    /// TLS 1.2 it comes behind the certificate's verdict.
    package let stapledResponse: [UInt8]?

    package var leaf: Certificate { chain[0] }

    package init(role: Role, chain: [Certificate], serverName: String?, stapledResponse: [UInt8]? = nil) {
        precondition(!chain.isEmpty, "a peer without a certificate has nothing to verify")
        self.role = role
        self.chain = chain
        self.serverName = serverName
        self.stapledResponse = stapledResponse
    }
}

package enum PeerVerdict: Sendable {
    case accepted(VerifiedPeer)
    case refused(PeerRefusal)
    /// The verdict comes by the `DeferredVerdict`; until then the handshake rests.
    case deferred
}

/// A peer whose certificates were believed. One object for everything that remembers the connection's caller.
package final class VerifiedPeer: Sendable {
    /// The verified chain, leaf first, trust anchor last.
    package let chain: [Certificate]
    package let identity: CertificateIdentity
    /// The earliest end of validity in the chain, seconds since 1970: from then on the connection is on borrowed time.
    package let notAfter: Int
    /// What the verifier wants back in `resume`, at most 4,096 bytes; it travels in the ticket. nil: never resumed.
    package let resumptionData: [UInt8]?

    package init(chain: [Certificate], identity: CertificateIdentity, notAfter: Int, resumptionData: [UInt8]?) {
        self.chain = chain
        self.identity = identity
        self.notAfter = notAfter
        self.resumptionData = resumptionData
    }
}

/// Why a peer's certificates were refused.
package struct PeerRefusal: Error, Hashable, Sendable {
    /// What the peer is told. Chosen by the verifier and not by OpenSSL's own table, which calls a missing revocation
    /// list an unknown authority.
    package let alert: TLSAlert
    /// `X509_V_ERR_…` where OpenSSL's verifier decided; 0 where a rule of ours did.
    package let code: Int32
    /// For the operator: lower case, no full stop, user text in backticks.
    package let reason: String

    package init(alert: TLSAlert, code: Int32 = 0, reason: String) {
        self.alert = alert
        self.code = code
        self.reason = reason
    }
}

/// A verdict that is waited for. The verifier holds one side, the session polls the other when it was woken.
package final class DeferredVerdict: Sendable {
    private struct State {
        var verdict: PeerVerdict?
        var wake: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    /// - Parameter wake: called once, on the thread that resolves; it must only hop to the session's thread.
    package init(wake: @escaping @Sendable () -> Void) { state = Mutex(State(wake: wake)) }

    /// Ends the wait. The first verdict counts; `.deferred` is none.
    package func resolve(_ verdict: PeerVerdict) {
        if case .deferred = verdict { return }
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.verdict == nil else { return nil }
            state.verdict = verdict
            return state.wake.take()
        }
        wake?()
    }

    /// The session is gone: nobody is woken any more.
    func abandon() { state.withLock { $0.wake = nil } }

    var verdict: PeerVerdict? { state.withLock { $0.verdict } }
}
