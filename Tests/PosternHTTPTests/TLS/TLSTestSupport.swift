import Glibc
import NIOCore
import NIOEmbedded
import PosternTLS
import TestAuthority

@testable import PosternHTTP

/// Certificates of one small estate, and contexts that trust it.
enum TLSEstate {
    static let now = time(nil)
    static let root = TestCertificate(
        selfSigned: .authority(subject: [["CN", "Test Root"]], notBefore: now - 86_400, notAfter: now + 864_000))
    static let server = certificate("server", names: ["DNS:localhost", "IP:127.0.0.1"])
    static let client = certificate("client", names: ["URI:spiffe://example.internal/client"])

    static func certificate(_ name: String, names: [String]) -> TestCertificate {
        root.issue(
            CertificateRecipe(
                subject: [["CN", name]], notBefore: now - 86_400, notAfter: now + 86_400, names: names))
    }

    static func credential(_ made: TestCertificate) -> TLSCredential {
        try! TLSCredential(chainPEM: Array(made.pem.utf8), key: .pem(Array(made.key.pem.utf8)))
    }

    static func server(
        _ verifier: any PeerVerifier = Trusting(), _ change: (inout TLSServerSettings) -> Void = { _ in }
    ) throws -> TLSContext {
        var settings = TLSServerSettings()
        settings.verifier = verifier
        change(&settings)
        return try TLSContext(server: settings, credentials: [credential(server)])
    }

    static func client(_ change: (inout TLSClientSettings) -> Void = { _ in }) throws -> TLSContext {
        var settings = TLSClientSettings()
        settings.verifier = Trusting()
        settings.credential = credential(client)
        change(&settings)
        return try TLSContext(client: settings)
    }
}

/// Believes every peer but those of a refused name.
final class Trusting: PeerVerifier {
    let mayDefer = false
    private let refused: String?

    init(except refused: String? = nil) { self.refused = refused }

    func verify(_ peer: PresentedPeer, later: DeferredVerdict) -> PeerVerdict {
        if peer.leaf.subject == refused {
            return .refused(PeerRefusal(alert: .certificateRevoked, reason: "`\(peer.leaf.name)` is revoked"))
        }
        return .accepted(accepted(peer.chain))
    }

    func resume(leaf: Certificate, data: [UInt8]) -> VerifiedPeer? { accepted([leaf]) }

    private func accepted(_ chain: [Certificate]) -> VerifiedPeer {
        VerifiedPeer(
            chain: chain, identity: try! CertificateIdentity(chain), notAfter: chain[0].notAfter, resumptionData: [1])
    }
}

/// Keeps the verdict back until it is asked for.
final class Deferring: PeerVerifier {
    let mayDefer = true
    private let trusting = Trusting()
    private let loopBound: NIOLockedBox

    final class NIOLockedBox: @unchecked Sendable {
        // Used by one thread only: tests that defer run on an embedded loop.
        var peer: PresentedPeer?
        var later: DeferredVerdict?
    }

    init() { loopBound = NIOLockedBox() }

    func verify(_ peer: PresentedPeer, later: DeferredVerdict) -> PeerVerdict {
        loopBound.peer = peer
        loopBound.later = later
        return .deferred
    }

    func resume(leaf: Certificate, data: [UInt8]) -> VerifiedPeer? { nil }

    func accept() {
        guard let peer = loopBound.peer, let later = loopBound.later else { return }
        later.resolve(trusting.verify(peer, later: later))
    }
}

/// What came out of a handler, in order.
final class TLSRecorder: ChannelInboundHandler, TLSObserver {
    typealias InboundIn = ByteBuffer

    enum Event: Equatable {
        case handshake(isResumed: Bool, subject: String?)
        case bytes(String)
        case failed(TLSFailure.Kind)
        case inactive
    }

    var events: [Event] = []
    /// How handshakes ended, as the observer hears it.
    var handshakes: [Result<TLSHandshakeResult, TLSFailure>] = []
    var received = 0

    var failure: TLSFailure? {
        if case .failure(let failure)? = handshakes.last { failure } else { nil }
    }

    func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, on channel: any Channel) {
        handshakes.append(result)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let result = event as? TLSHandshakeResult else { return }
        events.append(.handshake(isResumed: result.isResumed, subject: result.peer?.identity.subject))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        received += bytes.readableBytes
        if bytes.readableBytes < 1_000 { events.append(.bytes(String(buffer: bytes))) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure { events.append(.failed(failure.kind)) }
    }

    func channelInactive(context: ChannelHandlerContext) { events.append(.inactive) }
}

/// One end of a connection in memory.
final class TLSEnd {
    let channel = EmbeddedChannel()
    let recorder = TLSRecorder()
    let handler: TLSHandler

    init(_ context: TLSContext, serverName: String? = nil, sessions: ClientSessions? = nil) throws {
        handler = TLSHandler(
            context, serverName: serverName, sessions: sessions, space: TLSLoopSpace(),
            wheel: DeadlineWheel(eventLoop: channel.embeddedEventLoop), timeout: .seconds(10), observer: recorder)
        try channel.pipeline.syncOperations.addHandlers([handler, recorder])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// All records that wait to be sent.
    func sent() throws -> [ByteBuffer] {
        var all: [ByteBuffer] = []
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { all.append(bytes) }
        return all
    }

    func write(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
}

/// Both ends of a connection in memory.
struct TLSEnds {
    let client: TLSEnd
    let server: TLSEnd

    init(client: TLSContext, server: TLSContext, sessions: ClientSessions? = nil) throws {
        self.client = try TLSEnd(client, serverName: "localhost", sessions: sessions)
        self.server = try TLSEnd(server)
    }

    /// Moves records until none are left.
    func exchange(step: Int? = nil) throws {
        while true {
            let toServer = try client.sent()
            let toClient = try server.sent()
            if toServer.isEmpty, toClient.isEmpty { return }
            for bytes in toServer { try deliver(bytes, to: server, step) }
            for bytes in toClient { try deliver(bytes, to: client, step) }
        }
    }

    private func deliver(_ bytes: ByteBuffer, to end: TLSEnd, _ step: Int?) throws {
        var rest = bytes
        while rest.readableBytes > 0, end.channel.isActive {
            let part = rest.readSlice(length: min(step ?? rest.readableBytes, rest.readableBytes))!
            // Copied, as the network would.
            try end.channel.writeInbound(ByteBuffer(bytes: part.readableBytesView))
        }
    }
}
