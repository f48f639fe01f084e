import NIOCore
import NIOPosix
import PosternHTTP
import PosternTLS

/// A server on one event loop behind a loopback socket, or a Unix one, and the receivers of its connections.
///
/// All but `client` belongs to the loop; tests look at it with `onLoop`.
final class ServerBench: @unchecked Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop
    private let connect: () -> LoopbackSocket
    private var server: HTTPServer!
    private var recorders: [Recorder] = []
    let counts = Counts()

    final class Counts: ListenerObserver, @unchecked Sendable {
        var accepted = 0
        var closed = 0
        var refused = 0
        var proxyRefusals = 0
        var peerRefusals: [UnixPeerRefusal] = []
        var handshakes: [Result<TLSHandshakeResult, TLSFailure>] = []
        var handshakesRefused = 0
        var expelled: [PeerRefusal] = []
        func connectionAccepted() { accepted += 1 }
        func connectionClosed() { closed += 1 }
        func connectionRefused(from peer: SocketAddress?) { refused += 1 }
        func proxyHeaderRefused(_: ProxyHeaderRefusal?, from peer: SocketAddress?) { proxyRefusals += 1 }
        func unixPeerRefused(_ refusal: UnixPeerRefusal, from peer: PeerCredentials?) { peerRefusals.append(refusal) }
        func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, from peer: SocketAddress?) {
            handshakes.append(result)
        }
        func handshakeRefused(from peer: SocketAddress?) { handshakesRefused += 1 }
        func peerExpelled(_ refusal: PeerRefusal, from peer: SocketAddress?) { expelled.append(refusal) }
    }

    /// - Parameters:
    ///   - unix: the abstract name of a Unix socket to listen on.
    ///   - peers: who asks for the peers of Unix sockets.
    ///   - prepare: says how each connection's receiver answers.
    init(
        most: Int = 10, settings: ServerSettings = ServerSettings(), unix: String? = nil,
        peers: UnixPeerReader? = nil,
        _ prepare: @escaping @Sendable (Recorder) -> Void = { _ in }
    ) throws {
        loop = group.next()
        let descriptor: CInt
        if let unix {
            let socket = try ListenerSocket.open(.test(.unix(.init(path: unix))), count: 1) { _ in true }[0]
            descriptor = socket.takeDescriptors()[0]
            connect = { LoopbackSocket(owning: try! Client.connect(socket.address).get()) }
        } else {
            let socket = LoopbackListener()
            let port = socket.port
            descriptor = socket.release()
            connect = { LoopbackSocket(port: port) }
        }
        try loop.flatSubmit { [self] in
            server = HTTPServer(eventLoop: loop, wheel: DeadlineWheel(eventLoop: loop), peers: peers)
            let listener = ServerListener(
                endpointID: "vpce-test", vpcID: nil, settings: settings,
                budgets: [ConnectionBudget(most: most)], observer: counts, trusts: { _ in true },
                nextConnectionID: { 1 },
                makeReceiver: { [unowned self] stream in
                    let recorder = Recorder(stream: stream)
                    prepare(recorder)
                    recorders.append(recorder)
                    return recorder
                })
            return server.listen(on: descriptor, listener)
        }.wait()
    }

    deinit {
        onLoop { bench in
            bench.server.drain()
            _ = bench.server.closeAll()
        }
        group.shutdownGracefully { _ in }
    }

    func client() -> LoopbackSocket { connect() }

    @discardableResult
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (ServerBench) -> Result) -> Result {
        let bench = UncheckedBox(self)
        defer { withExtendedLifetime(self) {} }
        return try! loop.submit { body(bench.value) }.wait()
    }

    /// Of the connection that had its first request as the `index`th.
    func events(_ index: Int = 0) -> [Recorder.Event] {
        onLoop { $0.recorders.indices.contains(index) ? $0.recorders[index].events : [] }
    }

    /// The receiver of the connection that had the first request, which is waited for.
    func withRecorder<Result: Sendable>(_ body: @escaping @Sendable (Recorder) -> Result) -> Result {
        _ = eventually { self.onLoop { !$0.recorders.isEmpty } }
        return onLoop { body($0.recorders[0]) }
    }

    func hears(_ events: [Recorder.Event]) -> Bool { eventually { self.events() == events } }

    func answer(_ index: Int, _ text: String) { recorders[index].answer(text) }
    func abort(_ index: Int) { recorders[index].stream.abort() }

    func drain() { onLoop { $0.server.drain() } }

    var connectionCount: Int { onLoop { $0.server.connectionCount } }
}

/// Takes a value to the event loop that owns it; without counting, so that a `deinit` may use it.
private struct UncheckedBox: @unchecked Sendable {
    unowned(unsafe) let value: ServerBench
    init(_ value: ServerBench) { self.value = value }
}

extension ServerSettings {
    static func with(_ change: (inout ServerSettings) -> Void) -> ServerSettings {
        var settings = ServerSettings()
        change(&settings)
        return settings
    }
}

/// An answer as `Recorder.answer` makes it.
func answerText(_ body: String = "ok", status: String = "200 OK", connection: String = "keep-alive") -> String {
    "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\nConnection: \(connection)\r\n\r\n\(body)"
}

extension LoopbackSocket {
    /// Receives exactly this, or tells what came instead.
    func receives(_ expected: String) -> Bool { receive(expected.utf8.count) == expected }
}
