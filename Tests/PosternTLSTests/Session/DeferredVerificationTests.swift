import COpenSSL
import Synchronization
import TestAuthority
import Testing

@testable import PosternTLS

@Suite struct DeferredVerificationTests {
    private let verifier = ScriptedVerifier(mayDefer: true)

    private func later() throws -> DeferredVerdict { try #require(verifier.state.withLock { $0.later }) }

    private func accepted() throws -> PeerVerdict {
        let chain = try #require(verifier.state.withLock { $0.presented.first }).chain
        return .accepted(ScriptedVerifier.accepted(chain))
    }

    private func serverWaits(_ version: TLSVersion) throws -> EnginePair {
        EnginePair(client: try Estate.client { $0.maximumVersion = version }, server: try Estate.server(verifier))
    }

    @Test(arguments: Estate.versions) func `a server's handshake rests until the verdict, then goes on`(
        version: TLSVersion
    ) throws {
        let pair = try serverWaits(version)
        let wakings = Atomic(0)
        pair.server.session.wake = { wakings.add(1, ordering: .relaxed) }
        pair.shakeHands()
        #expect(pair.server.awaitsVerdict && pair.server.result == nil && pair.server.failure == nil)
        // Asked again too early, it only says so.
        pair.server.advance()
        #expect(pair.server.awaitsVerdict)

        let later = try later()
        later.resolve(.deferred)
        #expect(wakings.load(ordering: .relaxed) == 0)
        later.resolve(try accepted())
        later.resolve(.refused(PeerRefusal(alert: .unknownCA, reason: "too late")))
        #expect(wakings.load(ordering: .relaxed) == 1)
        pair.shakeHands()
        #expect(pair.server.result?.peer?.identity.subject == "CN=client")
        #expect(pair.client.result != nil && pair.client.failure == nil)
        #expect(verifier.state.withLock { $0.presented.count } == 1)
        try pair.client.write([1, 2, 3])
        pair.move(from: pair.client, to: pair.server)
        #expect(try pair.server.read().bytes == [1, 2, 3])
    }

    @Test(arguments: Estate.versions) func `a verdict that comes late still says the right alert`(
        version: TLSVersion
    ) throws {
        let pair = try serverWaits(version)
        pair.shakeHands()
        try later().resolve(.refused(PeerRefusal(alert: .certificateRevoked, reason: "the responder says revoked")))
        pair.shakeHands()
        #expect(pair.server.failure?.reason == "the responder says revoked")
        #expect(pair.client.failure?.alertReceived == .certificateRevoked)
    }

    @Test(arguments: Estate.versions) func `a verdict within the call needs no wait`(version: TLSVersion) throws {
        final class Hasty: PeerVerifier {
            let mayDefer = true
            func verify(_ peer: PresentedPeer, later: DeferredVerdict) -> PeerVerdict {
                later.resolve(.accepted(ScriptedVerifier.accepted(peer.chain)))
                return .deferred
            }
            func resume(leaf: Certificate, data: [UInt8]) -> VerifiedPeer? { nil }
        }
        let pair = EnginePair(
            client: try Estate.client { settings in
                settings.maximumVersion = version
                settings.verifier = Hasty()
            }, server: try Estate.server { $0.verifier = Hasty() })
        pair.shakeHands()
        #expect(pair.server.result?.peer != nil && pair.client.result?.peer != nil)
    }

    @Test(arguments: Estate.versions) func `a client's handshake rests as well`(version: TLSVersion) throws {
        for isAccepted in [true, false] {
            let verifier = ScriptedVerifier(mayDefer: true)
            let pair = EnginePair(
                client: try Estate.client(verifier) { $0.maximumVersion = version }, server: try Estate.server())
            pair.shakeHands()
            #expect(pair.client.awaitsVerdict && pair.server.result == nil)
            let state = verifier.state.withLock { $0 }
            let later = try #require(state.later)
            later.resolve(
                isAccepted
                    ? .accepted(ScriptedVerifier.accepted(state.presented[0].chain))
                    : .refused(PeerRefusal(alert: .certificateRevoked, reason: "revoked")))
            pair.shakeHands()
            #expect((pair.client.result != nil) == isAccepted)
            #expect((pair.server.result != nil) == isAccepted)
            #expect(pair.client.failure?.alertSent == (isAccepted ? nil : .certificateRevoked))
        }
    }

    @Test(arguments: Estate.versions) func `a session may go while its verdict is waited for`(version: TLSVersion)
        throws
    {
        weak var session: TLSSession?
        do {
            let pair = try serverWaits(version)
            pair.shakeHands()
            #expect(pair.server.awaitsVerdict)
            session = pair.server.session
        }
        #expect(session == nil)
        try later().resolve(try accepted())
        #expect(ASYNC_get_current_job() == nil)
    }

    @Test func `a handshake that rests does not hold up another on its thread`() throws {
        let resting = try serverWaits(.tls13)
        resting.shakeHands()
        let context = try Estate.server()
        let other = EnginePair(client: try Estate.client(), server: context)
        other.shakeHands()
        #expect(other.server.result != nil)
        try later().resolve(try accepted())
        resting.shakeHands()
        #expect(resting.server.result != nil)
    }
}
