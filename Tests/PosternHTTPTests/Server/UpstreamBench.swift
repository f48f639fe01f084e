import NIOCore
import NIOPosix
import PosternHTTP

/// A pool on one event loop, and the exchanges that ask it for connections. Tests play the upstream on `listener`.
final class UpstreamBench: @unchecked Sendable {
    let listener = LoopbackListener()
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop
    private(set) var pool: UpstreamPool!

    /// - Parameter addresses: of the host `upstream`, with the listener's port; by default the listener's own.
    init(
        _ change: (inout UpstreamSettings) -> Void = { _ in }, addresses: [String] = ["127.0.0.1"],
        answersLookups: Bool = true
    ) {
        var made = UpstreamSettings()
        change(&made)
        let settings = made
        loop = group.next()
        let port = listener.port
        let resolver = NameResolver(
            lookup: { _, port in .success(addresses.map { try! SocketAddress(ipAddress: $0, port: port) }) },
            now: { .now() }, perform: { if answersLookups { $0() } })
        onLoop { bench in
            bench.pool = UpstreamPool(
                address: .tcp(host: "upstream", port: port), settings: settings, eventLoop: bench.loop,
                wheel: DeadlineWheel(eventLoop: bench.loop), resolver: resolver)
        }
    }

    deinit {
        onLoop { $0.pool.retire() }
        group.shutdownGracefully { _ in }
    }

    /// A new exchange that leases, and sends what it is told to when it has its connection.
    func exchange(
        timeout: TimeAmount = .seconds(5), fresh: Bool = false, connectTimeout: TimeAmount = .seconds(5),
        _ send: @escaping @Sendable (UpstreamConnection, TimeAmount) -> Void = UpstreamBench.get
    ) -> UpstreamRecorder {
        let recorder = UpstreamRecorder { send($0, timeout) }
        onLoop { $0.pool.lease(to: recorder, connectTimeout: connectTimeout, fresh: fresh) }
        return recorder
    }

    /// `GET /a` without a body.
    static let get: @Sendable (UpstreamConnection, TimeAmount) -> Void = {
        begin($0, .get, "GET", .none, $1).sendEnd(trailers: nil)
    }
    static let head: @Sendable (UpstreamConnection, TimeAmount) -> Void = {
        begin($0, .head, "HEAD", .none, $1).sendEnd(trailers: nil)
    }
    /// The head of a request whose body the test sends.
    static func post(_ framing: BodyFraming) -> @Sendable (UpstreamConnection, TimeAmount) -> Void {
        { begin($0, .post, "POST", framing, $1).flush() }
    }

    private static func begin(
        _ connection: UpstreamConnection, _ method: HTTPMethod, _ token: String, _ framing: BodyFraming,
        _ timeout: TimeAmount
    ) -> UpstreamConnection {
        connection.beginRequest(method, token: Array(token.utf8).span, timeout: timeout)
        connection.appendTarget("/a")
        connection.endTarget()
        connection.addField("Host", "h")
        connection.endRequestHead(framing, hasBodySemantics: method == .post)
        return connection
    }

    /// What `get` puts on the wire.
    static let getText = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

    @discardableResult
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (UpstreamBench) -> Result) -> Result {
        let bench = UncheckedBench(value: self)
        defer { withExtendedLifetime(self) {} }
        return try! loop.submit { body(bench.value) }.wait()
    }

    /// Waits until the exchange has heard this, and nothing else.
    func hears(_ recorder: UpstreamRecorder, _ events: [UpstreamRecorder.Event]) -> Bool {
        eventually { self.onLoop { _ in recorder.events } == events }
    }

    var idle: Int { onLoop { $0.pool.idleCount } }
    var connections: Int { onLoop { $0.pool.connectionCount } }
}

/// Takes a bench to its event loop; without counting, so that a `deinit` may use it.
private struct UncheckedBench: @unchecked Sendable {
    unowned(unsafe) let value: UpstreamBench
}

/// An exchange's side of one lease: writes down what it hears. Belongs to the bench's loop.
final class UpstreamRecorder: LeaseReceiver, @unchecked Sendable {
    enum Event: Equatable {
        case leased(uses: Int)
        case informational(Int)
        /// As `describe` tells it.
        case response(String)
        case body(String)
        case end([String])
        case failed(UpstreamFailure)
    }

    var events: [Event] = []
    var connection: UpstreamConnection?
    var onBody: (UpstreamConnection) -> Void = { _ in }
    var onEnd: () -> Void = {}
    private let send: (UpstreamConnection) -> Void

    init(send: @escaping (UpstreamConnection) -> Void) { self.send = send }

    func leased(_ connection: UpstreamConnection) {
        events.append(.leased(uses: connection.uses))
        self.connection = connection
        send(connection)
    }

    func receiveInformational(_ head: ResponseHead) { events.append(.informational(head.index.status)) }

    func receiveResponse(_ head: ResponseHead) {
        events.append(.response(describe(head.index, Array(head.bytes.readableBytesView))))
    }

    func receiveResponseBody(_ bytes: ByteBuffer) {
        var text = String(buffer: bytes)
        if case .body(let before) = events.last {
            events.removeLast()
            text = before + text
        }
        events.append(.body(text))
        onBody(connection!)
    }

    func receiveResponseEnd(trailers: TrailerSection?) {
        let bytes = trailers.map { Array($0.bytes.readableBytesView) } ?? []
        events.append(.end(trailers?.fields.map { "\(text($0.name, bytes)): \(text($0.value, bytes))" } ?? []))
        onEnd()
    }

    func receiveResponseReadComplete() {}
    func upstreamWritabilityChanged(isWritable: Bool) {}
    func upstreamFailed(_ failure: UpstreamFailure) { events.append(.failed(failure)) }
}
