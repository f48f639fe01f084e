package import NIOCore
import NIOPosix

/// Where an upstream is.
package enum UpstreamAddress: Sendable, Hashable, CustomStringConvertible {
    case tcp(host: String, port: Int)
    case unix(path: String)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// Bounds and time limits of the connections to one upstream from one event loop.
package struct UpstreamSettings: Sendable, Hashable {
    package var head = HeadLimits(underscoresInNames: true)
    /// An idle connection is closed after this; shorter than most servers' own, so that they seldom close first.
    package var keepAlive = TimeAmount.seconds(55)
    package var streamIdle = TimeAmount.seconds(300)
    /// Connections, idle and leased.
    package var connections = 1024
    /// Requests that wait for a connection.
    package var pending = 256

    package init() {}
}

/// Told when a connection has been leased, or that there is none to be had.
package protocol LeaseReceiver: ResponseReceiver {
    func leased(_ connection: UpstreamConnection)
}

/// The connections from one event loop to one upstream address.
package final class UpstreamPool {
    package let address: UpstreamAddress
    package let settings: UpstreamSettings
    package let wheel: DeadlineWheel
    private let eventLoop: any EventLoop
    private let resolver: NameResolver
    /// Most recently used last, so that a burst's surplus ages out.
    private var idle: [UpstreamConnection] = []
    private var all: [UpstreamConnection] = []
    private var connecting = 0
    private var waiting: [Waiter] = []
    private var nextAddress = 0
    private var isRetired = false

    /// Counted here, read by whoever gathers metrics.
    package private(set) var connects = 0
    package private(set) var connectFailures = 0
    package private(set) var reuses = 0

    private struct Waiter {
        let receiver: any LeaseReceiver
        let connectTimeout: TimeAmount
    }

    package init(
        address: UpstreamAddress, settings: UpstreamSettings, eventLoop: any EventLoop, wheel: DeadlineWheel,
        resolver: NameResolver
    ) {
        self.address = address
        self.settings = settings
        self.eventLoop = eventLoop
        self.wheel = wheel
        self.resolver = resolver
    }

    package var idleCount: Int { idle.count }
    package var connectionCount: Int { all.count + connecting }

    /// Leases an idle connection now, or one to be opened later; the receiver hears `leased` or `upstreamFailed`.
    ///
    /// - Parameter fresh: do not reuse, because a reused connection has just failed this request.
    package func lease(to receiver: any LeaseReceiver, connectTimeout: TimeAmount, fresh: Bool = false) {
        if !fresh, let connection = idle.popLast() {
            reuses &+= 1
            connection.lease(to: receiver)
            receiver.leased(connection)
            return
        }
        guard connectionCount < settings.connections else {
            guard waiting.count < settings.pending else { return receiver.upstreamFailed(.overloaded) }
            waiting.append(Waiter(receiver: receiver, connectTimeout: connectTimeout))
            return
        }
        connect(Waiter(receiver: receiver, connectTimeout: connectTimeout))
    }

    /// The exchange gave up before it was leased anything.
    package func forget(_ receiver: any LeaseReceiver) {
        waiting.removeAll { $0.receiver === receiver }
    }

    func giveBack(_ connection: UpstreamConnection) {
        if waiting.isEmpty {
            if isRetired { return connection.close() }
            idle.append(connection)
        } else {
            let next = waiting.removeFirst()
            reuses &+= 1
            connection.lease(to: next.receiver)
            next.receiver.leased(connection)
        }
    }

    func remove(_ connection: UpstreamConnection) {
        if let place = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: place) }
        guard connection.position >= 0 else { return }
        let last = all.removeLast()
        if last !== connection {
            all[connection.position] = last
            last.position = connection.position
        }
        if !waiting.isEmpty { connect(waiting.removeFirst()) }
    }

    /// The plan no longer names this upstream, or the process stops: connections close as soon as they are idle.
    package func retire() {
        isRetired = true
        let closing = idle
        idle = []
        for connection in closing { connection.close() }
    }

    // MARK: Connecting

    private func connect(_ waiter: Waiter) {
        connecting &+= 1
        switch address {
        case .unix(let path):
            do {
                open(try SocketAddress(unixDomainSocketPath: path), waiter)
            } catch {
                failed(.connect("`\(path)` cannot be a socket address"), waiter)
            }
        case .tcp(let host, let port):
            if let known = resolver.cached(host: host, port: port), !known.isEmpty {
                nextAddress = (nextAddress &+ 1) % known.count
                return open(known[nextAddress], waiter)
            }
            let bound = NIOLoopBound((pool: self, waiter: waiter), eventLoop: eventLoop)
            resolver.resolve(host: host, port: port, on: eventLoop) { result in
                let (pool, waiter) = bound.value
                switch result {
                case .success(let addresses) where !addresses.isEmpty:
                    pool.nextAddress = (pool.nextAddress &+ 1) % addresses.count
                    pool.open(addresses[pool.nextAddress], waiter)
                case .success: pool.failed(.resolve("`\(host)` has no address"), waiter)
                case .failure(let error): pool.failed(.resolve("\(error)"), waiter)
                }
            }
        }
    }

    private func open(_ target: SocketAddress, _ waiter: Waiter) {
        let bound = NIOLoopBound((pool: self, waiter: waiter), eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(waiter.connectTimeout)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 131_072))
            .channelOption(.writeBufferWaterMark, value: .init(low: 32_768, high: 131_072))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pool = bound.value.pool
                    let connection = UpstreamConnection(pool: pool, allocator: channel.allocator)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(to: target)
            .assumeIsolated()
            .whenComplete { result in
                let (pool, waiter) = bound.value
                switch result {
                case .success(let channel): pool.opened(channel, waiter)
                case .failure(let error):
                    let failure: UpstreamFailure =
                        switch error {
                        case ChannelError.connectTimeout: .connectTimeout
                        default: .connect("\(error)")
                        }
                    pool.failed(failure, waiter)
                }
            }
    }

    private func opened(_ channel: any Channel, _ waiter: Waiter) {
        connecting &-= 1
        guard let connection = try? channel.pipeline.syncOperations.handler(type: UpstreamConnection.self) else {
            // It closed before we could look: as if it had never been opened.
            connectFailures &+= 1
            return waiter.receiver.upstreamFailed(.connect("closed at once"))
        }
        connects &+= 1
        connection.position = all.count
        all.append(connection)
        connection.lease(to: waiter.receiver)
        waiter.receiver.leased(connection)
    }

    private func failed(_ failure: UpstreamFailure, _ waiter: Waiter) {
        connecting &-= 1
        connectFailures &+= 1
        waiter.receiver.upstreamFailed(failure)
        if !waiting.isEmpty { connect(waiting.removeFirst()) }
    }
}
