import Glibc
package import NIOCore
import NIOPosix
import PosternTLS
import Synchronization

/// The downstream side of one event loop: its listening channels, its connections, their time limits.
///
/// Nothing here is shared with another loop but the counts of `ConnectionBudget`.
package final class HTTPServer {
    package let eventLoop: any EventLoop
    package let wheel: DeadlineWheel
    let headSpace = HeadSpace()
    package let tlsSpace = TLSLoopSpace()
    /// Nil where nobody asks who is at the other end of a Unix socket.
    let peers: UnixPeerReader?
    package private(set) var isDraining = false
    private var connections: [ServerConnection] = []
    private var listeners: [ObjectIdentifier: (listener: ServerListener, channel: any Channel)] = [:]

    package init(eventLoop: any EventLoop, wheel: DeadlineWheel, peers: UnixPeerReader? = nil) {
        self.peers = peers
        self.eventLoop = eventLoop
        self.wheel = wheel
    }

    package var connectionCount: Int { connections.count }

    // MARK: Listening

    /// Accepts on a bound, listening socket, which this server owns from now on.
    package func listen(on descriptor: CInt, _ listener: ServerListener) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound((server: self, listener: listener), eventLoop: eventLoop)
        let awaitsUnixPeer = peers != nil && Descriptor.option(SOL_SOCKET, SO_DOMAIN, of: descriptor) == AF_UNIX
        return ServerBootstrap(group: eventLoop)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 131_072)
            )
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: 32_768, high: 131_072)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (server, listener) = bound.value
                    try server.accept(channel, listener, awaitsUnixPeer: awaitsUnixPeer)
                }
            }
            .withBoundSocket(descriptor)
            .map { channel in
                let (server, listener) = bound.value
                server.listeners[ObjectIdentifier(listener)] = (listener, channel)
            }
    }

    /// Stops accepting by any listener; connections stay. ``listen(on:_:)`` begins anew.
    package func pause() -> EventLoopFuture<Void> {
        let channels = listeners.values.map(\.channel)
        listeners = [:]
        return EventLoopFuture.andAllComplete(channels.map { $0.close() }, on: eventLoop)
    }

    /// Stops accepting; connections that came by this listener finish what they are doing and close.
    package func close(_ listener: ServerListener) {
        guard let entry = listeners.removeValue(forKey: ObjectIdentifier(listener)) else { return }
        entry.channel.close(promise: nil)
        for connection in connections where connection.came(by: listener) { connection.drain() }
    }

    /// Connections of a listener that is secured from now on, and was not, end with what they are doing.
    package func closeUnsecured(_ listener: ServerListener) {
        for connection in connections where connection.came(by: listener) && !connection.connection.isTLS {
            connection.closeAfterExchange()
        }
    }

    private func accept(_ channel: any Channel, _ listener: ServerListener, awaitsUnixPeer: Bool) throws {
        guard listener.admitConnection(from: channel.remoteAddress) else {
            try channel.pipeline.syncOperations.addHandler(OverloadedConnection(answers: listener.tls == nil))
            return
        }
        let connection = ServerConnection(
            server: self, listener: listener, connection: listener.info(of: channel),
            awaitsUnixPeer: awaitsUnixPeer)
        do {
            if let tls = listener.tls {
                try channel.pipeline.syncOperations.addHandler(connection.makeTLSHandler(tls))
            }
            try channel.pipeline.syncOperations.addHandler(connection)
        } catch {
            listener.releaseConnection()
            throw error
        }
    }

    // MARK: Connections

    /// Closes connections whose callers' certificates no longer admit them, a few chains at a time, so that requests need not
    /// wait: to be called when a listener's trust has changed, and every now and then, for certificates end.
    ///
    /// - Parameter listener: by which they came; nil for all.
    package func reviewPeers(of listener: ServerListener? = nil, at epochSecond: Int) {
        let pending = connections.filter { connection in
            connection.connection.isTLS && (listener.map(connection.came(by:)) ?? true)
        }
        review(pending[...], PeerReview(), epochSecond)
    }

    private static let chainsPerTurn = 16

    private func review(_ pending: ArraySlice<ServerConnection>, _ review: PeerReview, _ epochSecond: Int) {
        var (pending, review) = (pending, review)
        let most = review.verified + Self.chainsPerTurn
        while review.verified < most, let connection = pending.popFirst() {
            connection.expelIfRefused(at: epochSecond, &review)
        }
        guard !pending.isEmpty else { return }
        let bound = NIOLoopBound((server: self, pending: pending, review: review), eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(5)) {
            let (server, pending, review) = bound.value
            server.review(pending, review, epochSecond)
        }
    }

    func add(_ connection: ServerConnection) {
        connection.position = connections.count
        connections.append(connection)
    }

    func remove(_ connection: ServerConnection, of listener: ServerListener) {
        listener.releaseConnection()
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.position] = last
            last.position = connection.position
        }
    }

    /// Stops accepting, closes connections that have been idle for a while, and lets busy ones end with `Connection: close`.
    package func drain() {
        isDraining = true
        for entry in listeners.values { entry.channel.close(promise: nil) }
        listeners = [:]
        for connection in connections { connection.drain() }
    }

    /// Cuts what the drain's deadline left.
    /// - Returns: how many connections had something under way.
    package func closeAll() -> Int {
        let left = connections
        let busy = left.count { !$0.isIdle }
        for connection in left { connection.closeNow() }
        return busy
    }
}

/// A bound on connections that several event loops share.
package final class ConnectionBudget: Sendable {
    private let bound: Atomic<Int>
    private let count = Atomic<Int>(0)

    package init(most: Int) { bound = Atomic(most) }

    /// How many there may be; connections over a lowered bound stay.
    package var most: Int {
        get { bound.load(ordering: .relaxed) }
        set { bound.store(newValue, ordering: .relaxed) }
    }

    package var inUse: Int { count.load(ordering: .relaxed) }

    func take() -> Bool {
        if count.wrappingAdd(1, ordering: .relaxed).newValue <= most { return true }
        count.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    func give() { count.wrappingSubtract(1, ordering: .relaxed) }
}

/// Answers a connection that is one too many, and closes it: clearer to its client than silence. Where TLS is spoken there
/// is no answer without a handshake.
private final class OverloadedConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let answer: StaticString = """
        HTTP/1.1 503 Service Unavailable\r
        Content-Type: application/json\r
        Content-Length: 33\r
        Retry-After: 1\r
        Connection: close\r
        \r
        {"message":"Service Unavailable"}
        """

    private let answers: Bool

    init(answers: Bool) { self.answers = answers }

    func channelActive(context: ChannelHandlerContext) {
        guard answers else { return context.close(promise: nil) }
        let bytes = UnsafeRawBufferPointer(start: Self.answer.utf8Start, count: Self.answer.utf8CodeUnitCount)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in
            loopBound.value.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
