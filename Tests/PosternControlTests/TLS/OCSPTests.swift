import Foundation
import NIOCore
import NIOPosix
import PosternModel
import Synchronization
import Testing

@testable import PosternControl
@testable import PosternTLS

/// The revocation service against a real responder.
@Suite("OCSP", .serialized)
struct OCSPTests {
    private let authority: OpenSSLAuthority

    init() throws { authority = try OpenSSLAuthority() }

    private final class Harness: Sendable {
        let client: ResponderClient
        let service: RevocationService
        let loop: any EventLoop
        let seconds = Mutex(Clock.wallSeconds)

        init() async throws {
            loop = MultiThreadedEventLoopGroup.singleton.any()
            client = try await ResponderClient.start(on: loop)
            let offset = Offset()
            self.offset = offset
            service = RevocationService(client: client, now: { Clock.wallSeconds + offset.value })
        }

        let offset: Offset

        final class Offset: Sendable {
            private let stored = Mutex(0)
            var value: Int {
                get { stored.withLock { $0 } }
                set { stored.withLock { $0 = newValue } }
            }
        }

        func ask(_ question: StatusQuestion, _ settings: OCSPConfiguration) async -> CertificateStatus {
            await withCheckedContinuation { continuation in
                service.ask(question, settings) { continuation.resume(returning: $0) }
            }
        }
    }

    private func certificate(_ name: String) throws -> Certificate {
        let credential = try TLSCredential(
            chainPEM: Array(authority.read("\(name).pem").utf8), key: .pem(Array(authority.read("\(name).key").utf8)))
        return credential.certificate
    }

    private func question(_ name: String, by issuer: String = "root") throws -> StatusQuestion {
        StatusQuestion(certificate: try certificate(name), issuer: try certificate(issuer))
    }

    private func settings(_ mode: OCSPConfiguration.Mode = .hard, responder: String? = nil) throws -> OCSPConfiguration
    {
        var settings = OCSPConfiguration()
        settings.mode = mode
        settings.responder = try responder.map(ResponderURL.init)
        return settings
    }

    /// A service, so that the responder can also be one that misbehaves.
    private func verifier(_ harness: Harness, _ settings: OCSPConfiguration) throws -> any PeerVerifier {
        var rules = VerificationSettings(purpose: .client)
        rules.revocation = .off
        let trust = try TrustStore.load(TrustSources(anchors: [authority.file("root.pem")]), generation: 1)
        let base = CertificateVerifier(ChainVerifier(trust: trust, settings: rules)) { Clock.wallSeconds }
        return harness.service.verifier(over: base, settings)
    }

    /// What a handshake would end with.
    private func decide(_ verifier: any PeerVerifier, _ name: String) async throws -> (deferred: Bool, PeerVerdict) {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self)
        let later = DeferredVerdict { continuation.finish() }
        let peer = PresentedPeer(role: .client, chain: [try certificate(name)], serverName: nil)
        let verdict = verifier.verify(peer, later: later)
        guard case .deferred = verdict else { return (false, verdict) }
        for await _ in wakes {}
        return (true, try #require(later.verdict))
    }

    @Test func `good, revoked and unknown are told apart, by the responder that the certificate names`() async throws {
        let port = try OCSPResponder.freePort()
        try authority.issue("good", responder: "http://127.0.0.1:\(port)/")
        try authority.issue("bad", responder: "http://127.0.0.1:\(port)/")
        try authority.revoke("bad")
        let responder = try OCSPResponder(authority, port: port)
        let harness = try await Harness()
        #expect(await harness.ask(try question("good"), try settings()) == .good)
        guard case .revoked(let detail) = await harness.ask(try question("bad"), try settings()) else {
            Issue.record("not revoked")
            return
        }
        #expect(detail.hasSuffix("(keyCompromise)"))
        #expect(harness.service.counts.good == 1)
        #expect(harness.service.counts.revoked == 1)
        responder.stop()
        try await harness.client.stop()
    }

    @Test func `a configured responder is asked instead, and one that the issuer let answer counts`() async throws {
        try authority.issue("good")
        try authority.issue("answers", kind: "responder")
        let responder = try OCSPResponder(authority, signer: "answers")
        let harness = try await Harness()
        #expect(await harness.ask(try question("good"), try settings(responder: responder.url)) == .good)
        try await harness.client.stop()
    }

    @Test func `an answer signed by somebody else counts for nothing`() async throws {
        try authority.issue("good")
        let responder = try OCSPResponder(authority, signer: "good")
        let harness = try await Harness()
        guard
            case .unavailable(let reason) = await harness.ask(
                try question("good"), try settings(responder: responder.url))
        else {
            Issue.record("believed")
            return
        }
        #expect(reason.contains("is not signed by `CN=root`"))
        try await harness.client.stop()
    }

    @Test func `an answer is remembered while it is valid, and asked for again after`() async throws {
        try authority.issue("good")
        let responder = try OCSPResponder(authority, minutes: 5)
        let harness = try await Harness()
        let (question, settings) = (try question("good"), try settings(responder: responder.url))
        #expect(await harness.ask(question, settings) == .good)
        responder.stop()
        #expect(harness.service.remembered(question) == .good)
        #expect(await harness.ask(question, settings) == .good)
        harness.offset.value = 301
        #expect(harness.service.remembered(question) == nil)
        guard case .unavailable = await harness.ask(question, settings) else {
            Issue.record("a stale answer was believed")
            return
        }
        try await harness.client.stop()
    }

    @Test func `many handshakes with one certificate put one question`() async throws {
        try authority.issue("good")
        let server = try await SlowServer.start(answer: nil)
        let harness = try await Harness()
        var quick = try settings(responder: "http://127.0.0.1:\(server.port)/")
        quick.timeoutMilliseconds = 300
        let question = try question("good")
        let statuses = await withTaskGroup(of: CertificateStatus.self) { group in
            for _ in 0..<50 { group.addTask { [quick] in await harness.ask(question, quick) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count == 50)
        #expect(server.connections == 1)
        #expect(
            statuses.allSatisfy {
                if case .unavailable(let reason) = $0 { reason.hasSuffix("did not answer in time") } else { false }
            })
        try await server.stop()
        try await harness.client.stop()
    }

    @Test func `an answer that is too large, not 200 or not OCSP is none`() async throws {
        try authority.issue("good")
        let question = try question("good")
        let large = "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + String(repeating: "x", count: 70_000)
        for (answer, reason) in [
            (large, "answered with more than 65536 bytes"),
            ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "answered with status 503"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "the answer is not OCSP"),
            ("nonsense\r\n\r\n", "gave no answer: malformed_response"),
        ] {
            let server = try await SlowServer.start(answer: answer)
            let harness = try await Harness()
            let status = await harness.ask(question, try settings(responder: "http://127.0.0.1:\(server.port)/"))
            guard case .unavailable(let text) = status else {
                Issue.record("\(reason): \(status)")
                continue
            }
            #expect(text.contains(reason))
            try await server.stop()
            try await harness.client.stop()
        }
    }

    @Test func `a handshake rests until the answer is there; the next one does not`() async throws {
        try authority.issue("good")
        try authority.issue("bad")
        try authority.revoke("bad")
        let responder = try OCSPResponder(authority)
        let harness = try await Harness()
        let verifier = try verifier(harness, try settings(responder: responder.url))
        #expect(verifier.mayDefer)
        for expected in [true, false] {
            let (deferred, verdict) = try await decide(verifier, "good")
            #expect(deferred == expected)
            guard case .accepted(let peer) = verdict else {
                Issue.record("not accepted: \(verdict)")
                return
            }
            #expect(peer.identity.subject == "CN=good")
        }
        guard case (true, .refused(let refusal)) = try await decide(verifier, "bad") else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.alert == .certificateRevoked)
        #expect(refusal.reason.hasPrefix("`CN=bad` was revoked at "))
        try await harness.client.stop()
    }

    @Test func `without an answer hard refuses and soft accepts`() async throws {
        try authority.issue("good")
        let nobody = "http://127.0.0.1:\(try OCSPResponder.freePort())/"
        let harness = try await Harness()
        guard
            case (_, .refused(let refusal)) = try await decide(
                verifier(harness, settings(.hard, responder: nobody)), "good")
        else {
            Issue.record("hard accepted")
            return
        }
        #expect(refusal.alert == .certificateUnknown)
        #expect(
            refusal.reason.hasPrefix("nobody tells whether `CN=good` was revoked: `\(nobody)` gave no answer: connect"))
        guard case (_, .accepted) = try await decide(verifier(harness, settings(.soft, responder: nobody)), "good")
        else {
            Issue.record("soft refused")
            return
        }
        try await harness.client.stop()
    }

    @Test func `no responder is asked about a chain that is not trusted`() async throws {
        let stranger = try OpenSSLAuthority()
        let server = try await SlowServer.start(answer: nil)
        try stranger.issue("good", responder: "http://127.0.0.1:\(server.port)/")
        let harness = try await Harness()
        let verifier = try verifier(harness, try settings())
        let chain = try TLSCredential(
            chainPEM: Array(stranger.read("good.pem").utf8), key: .pem(Array(stranger.read("good.key").utf8)))
        let peer = PresentedPeer(role: .client, chain: [chain.certificate], serverName: nil)
        guard case .refused(let refusal) = verifier.verify(peer, later: DeferredVerdict {}) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.alert == .unknownCA)
        #expect(server.connections == 0)
        try await server.stop()
        try await harness.client.stop()
    }

    @Test func `the cache is bounded and keeps what is valid longest`() {
        var cache = StatusCache(capacity: 8)
        let names = (0..<9).map { index in
            StatusCache.Key(certificate: Self.fingerprint(index), issuer: Self.fingerprint(100))
        }
        for (index, key) in names.enumerated() { cache.remember(.good, until: 1_000 + index * 10, of: key, at: 900) }
        #expect(cache.count <= 8)
        #expect(cache.status(of: names[8], at: 900) == .good)
        #expect(cache.status(of: names[0], at: 900) == nil)
    }

    @Test func `an answer counts for an hour at most, a failure for seconds`() {
        var cache = StatusCache()
        let key = StatusCache.Key(certificate: Self.fingerprint(1), issuer: Self.fingerprint(2))
        cache.remember(.good, until: 1_000_000, of: key, at: 0)
        #expect(cache.status(of: key, at: 3_599) == .good)
        #expect(cache.status(of: key, at: 3_600) == nil)
        cache.remember(.unavailable("x"), until: nil, of: key, at: 0)
        #expect(cache.status(of: key, at: 4) != nil)
        #expect(cache.status(of: key, at: 5) == nil)
    }

    @Test func `our own certificate is stapled, and no longer once it is revoked`() async throws {
        let port = try OCSPResponder.freePort()
        try authority.issue("mesh", responder: "http://127.0.0.1:\(port)/")
        let chain = try authority.read("mesh.pem") + authority.read("root.pem")
        try authority.write(chain, to: "mesh.pem")
        let responder = try OCSPResponder(authority, port: port)
        let tree = ConfigurationTree([
            "postern.yaml": """
            listeners:
              - id: vpce-a
                unix: /run/a
                tls:
                  certificates: [{certificate: \(authority.file("mesh.pem")), key: \(authority.file("mesh.key"))}]
                  clientCertificate: {mode: off}
                  stapling: {mode: auto}
            """, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        let materials = try TLSMaterialLoader.load(
            tree.load(), environment: MaterialEnvironment(credentialsDirectory: nil, systemTrust: []))
        let harness = try await Harness()
        let keeper = StapleKeeper(client: harness.client, on: harness.loop)
        keeper.keep(materials)
        let credential = try #require(materials.listeners["vpce-a"]?.credentials.first?.credential)
        let key = credential.certificate.fingerprint.text
        try await eventually { if case .stapled? = keeper.states[key] { true } else { false } }
        let staple = try #require(credential.staple)
        let answer = try OCSPAnswer.readStaple(
            staple, about: credential.certificate, issuer: credential.chain[0], at: Clock.wallSeconds)
        #expect(answer.status == .good)

        // The same certificate read again takes the response over at once.
        let again = try TLSMaterialLoader.load(
            tree.load(), environment: MaterialEnvironment(credentialsDirectory: nil, systemTrust: []))
        keeper.keep(again)
        #expect(again.listeners["vpce-a"]?.credentials.first?.credential.staple == staple)
        keeper.stop()

        responder.stop()
        try authority.revoke("mesh")
        let other = try OCSPResponder(authority, port: port)
        let fresh = try TLSMaterialLoader.load(
            tree.load(), environment: MaterialEnvironment(credentialsDirectory: nil, systemTrust: []))
        let next = StapleKeeper(client: harness.client, on: harness.loop)
        next.keep(fresh)
        try await eventually { if case .missing? = next.states[key] { true } else { false } }
        #expect(fresh.listeners["vpce-a"]?.credentials.first?.credential.staple == nil)
        next.stop()
        other.stop()
        try await harness.client.stop()
    }

    private static func fingerprint(_ number: Int) -> Fingerprint {
        var fingerprint = sample.fingerprint
        fingerprint.words.0 = UInt64(number)
        return fingerprint
    }

    private static let sample: Certificate = {
        guard let authority = try? OpenSSLAuthority(), let pem = try? authority.read("root.pem"),
            let key = try? authority.read("root.key"),
            let credential = try? TLSCredential(chainPEM: Array(pem.utf8), key: .pem(Array(key.utf8)))
        else { preconditionFailure("no certificate for a fingerprint") }
        return credential.certificate
    }()
}

/// Waits for something that must come to be, however slow the machine is.
func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<6_000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
    try #require(condition())
}

/// Accepts connections, counts them, and answers each request with the same bytes, or never.
final class SlowServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let counter: Counter

    final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: String?
        private var hasAnswered = false

        init(_ answer: String?) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard let answer, !hasAnswered else { return }
            hasAnswered = true
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
    }

    private init(_ channel: any Channel, _ counter: Counter) {
        self.channel = channel
        self.counter = counter
        port = channel.localAddress?.port ?? 0
    }

    static func start(answer: String?) async throws -> SlowServer {
        let counter = Counter()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                counter.add()
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return SlowServer(channel, counter)
    }

    var connections: Int { counter.value }
    func stop() async throws { try await channel.close() }
}
