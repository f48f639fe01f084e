import Glibc
package import NIOCore
import NIOPosix
package import PosternTLS

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
    let headSpace = HeadSpace()
    /// Secures connections opened from now on; nil where none are secured, and where nothing can.
    private(set) var tls: ClientTLS?
    /// Told of each handshake, and of an alert that an upstream sends behind one in place of a response.
    package var handshakeEnded: ((Result<TLSHandshakeResult, TLSFailure>) -> Void)?
    package internal(set) var counts = UpstreamCounts()
    private let isSecured: Bool
    private let tlsSpace: TLSLoopSpace
    private let eventLoop: any EventLoop
    private let resolver: NameResolver
    /// Most recently used last, so that a burst's surplus ages out.
    private var idle: [UpstreamConnection] = []
    private var all: [UpstreamConnection] = []
    private var connecting: [LeaseWaiter] = []
    private var waiting: [LeaseWaiter] = []
    private var nextAddress = 0
    private var isRetired = false
    /// Memory is short: idle connections are kept for a tenth of their time, a second at least.
    package var isShrunk = false

    /// - Parameters:
    ///   - isSecured: without what `secure` brings no connection is opened then.
    ///   - space: the loop's.
    package init(
        address: UpstreamAddress, isSecured: Bool = false, settings: UpstreamSettings, eventLoop: any EventLoop,
        wheel: DeadlineWheel, resolver: NameResolver, space: TLSLoopSpace = TLSLoopSpace()
    ) {
        self.isSecured = isSecured
        self.tlsSpace = space
        self.address = address
        self.settings = settings
        self.eventLoop = eventLoop
        self.wheel = wheel
        self.resolver = resolver
    }

    /// Secures connections from now on by this: idle ones that are secured otherwise close, leased ones are not used again.
    package func secure(with tls: ClientTLS) {
        guard tls.context !== self.tls?.context else { return }
        self.tls = tls
        for connection in idle { connection.close() }
    }

    /// How long a connection stays idle.
    var keepAlive: TimeAmount {
        guard isShrunk else { return settings.keepAlive }
        return min(settings.keepAlive, max(.nanoseconds(settings.keepAlive.nanoseconds / 10), .seconds(1)))
    }

    /// Gives back what idle connections hold: descriptors and memory.
    package func closeIdle() {
        let closing = idle
        idle = []
        for connection in closing { connection.close() }
    }

    package var idleCount: Int { idle.count }
    package var connectionCount: Int { all.count + connecting.count }

    /// Leases an idle connection now, or one to be opened later; the receiver hears `leased` or `upstreamFailed`.
    ///
    /// - Parameter fresh: do not reuse, because a reused connection has just failed this request.
    package func lease(to receiver: any LeaseReceiver, connectTimeout: TimeAmount, fresh: Bool = false) {
        if !fresh, let connection = idle.popLast() {
            connection.lease(to: receiver)
            receiver.leased(connection)
            return
        }
        // Idle here means that it must not be reused: the one unused longest makes room.
        if connectionCount >= settings.connections, let oldest = idle.first { oldest.close() }
        let hasRoom = connectionCount < settings.connections
        guard hasRoom || waiting.count < settings.pending else {
            counts.count(.overloaded)
            return receiver.upstreamFailed(.overloaded)
        }
        let waiter = LeaseWaiter(receiver: receiver, connectTimeout: connectTimeout, pool: self)
        if hasRoom { connect(waiter) } else { waiting.append(waiter) }
    }

    /// The exchange gave up before it was leased anything. A connection that is being opened for it goes to whoever
    /// waits next, or becomes idle.
    package func forget(_ receiver: any LeaseReceiver) {
        for waiter in connecting where waiter.receiver === receiver { waiter.end() }
        for waiter in waiting where waiter.receiver === receiver { waiter.end() }
        waiting.removeAll { $0.receiver == nil }
    }

    func timedOut(_ waiter: LeaseWaiter) {
        let isQueued = waiting.contains { $0 === waiter }
        waiting.removeAll { $0 === waiter }
        let failure: UpstreamFailure = isQueued ? .overloaded : .connectTimeout
        counts.count(failure)
        waiter.end()?.upstreamFailed(failure)
    }

    func giveBack(_ connection: UpstreamConnection) {
        if connection.securedBy !== tls?.context {
            connection.close()
        } else if !waiting.isEmpty, let receiver = waiting.removeFirst().end() {
            connection.lease(to: receiver)
            receiver.leased(connection)
        } else if isRetired {
            connection.close()
        } else {
            idle.append(connection)
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
        connectNext()
    }

    private func connectNext() {
        if !waiting.isEmpty, connectionCount < settings.connections { connect(waiting.removeFirst()) }
    }

    /// The plan no longer names this upstream, or the process stops: connections close as soon as they are idle.
    package func retire() {
        isRetired = true
        closeIdle()
    }

    // MARK: Connecting

    private func connect(_ waiter: LeaseWaiter) {
        connecting.append(waiter)
        waiter.startConnecting()
        switch address {
        case .unix(let path):
            do {
                open([try SocketAddress(unixDomainSocketPath: path)][...], waiter)
            } catch {
                failed(.connect("`\(path)` cannot be a socket address"), waiter)
            }
        case .tcp(let host, let port):
            if let known = resolver.cached(host: host, port: port), !known.isEmpty {
                return open(rotated(known), waiter)
            }
            let bound = NIOLoopBound((pool: self, waiter: waiter), eventLoop: eventLoop)
            resolver.resolve(host: host, port: port, on: eventLoop) { result in
                let (pool, waiter) = bound.value
                switch result {
                case .success(let addresses) where !addresses.isEmpty:
                    pool.open(pool.rotated(addresses), waiter)
                case .success: pool.failed(.resolve("`\(host)` has no address"), waiter)
                case .failure(let error): pool.failed(.resolve("\(error)"), waiter)
                }
            }
        }
    }

    private static let notLoaded = TLSFailure(.internalError, "its certificates have not been loaded")

    /// Each connection begins with the next of a name's addresses.
    private func rotated(_ addresses: [SocketAddress]) -> ArraySlice<SocketAddress> {
        nextAddress = (nextAddress &+ 1) % addresses.count
        return addresses[nextAddress...] + addresses[..<nextAddress]
    }

    /// Tries one address after the other while they refuse at once: a name often has one family too many.
    private func open(_ targets: ArraySlice<SocketAddress>, _ waiter: LeaseWaiter) {
        guard !isSecured || tls != nil else { return failed(.tls(Self.notLoaded), waiter) }
        let bound = NIOLoopBound((pool: self, waiter: waiter), eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(waiter.timeLeft)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 131_072)
            )
            .channelOption(.writeBufferWaterMark, value: .init(low: 32_768, high: 131_072))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (pool, waiter) = bound.value
                    if DescriptorReserve.isTouched(by: channel, leaving: DescriptorReserve.upstream) {
                        throw IOError(errnoCode: EMFILE, reason: "the last descriptors are kept for the admin socket")
                    }
                    if let tls = pool.tls {
                        let handler = TLSHandler(
                            tls.context, serverName: tls.serverName, sessions: tls.sessions, space: pool.tlsSpace,
                            wheel: pool.wheel, timeout: waiter.timeLeft,
                            observer: UpstreamHandshake(pool: pool, waiter: waiter))
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(UpstreamConnection(pool: pool))
                }
            }
            .connect(to: targets.first!)
            .assumeIsolated()
            .whenComplete { result in
                let (pool, waiter) = bound.value
                switch result {
                // A secured connection is open when its handshake is done.
                case .success(let channel): if !pool.isSecured { pool.opened(channel, waiter) }
                case .failure(ChannelError.connectTimeout): pool.failed(.connectTimeout, waiter)
                case .failure(let error as IOError) where Self.exhaustions.contains(error.errnoCode):
                    pool.failed(.exhausted(errnoText(error.errnoCode)), waiter)
                case .failure where targets.count > 1 && waiter.receiver != nil: pool.open(targets.dropFirst(), waiter)
                case .failure(let error): pool.failed(.connect(Self.reason(error)), waiter)
                }
            }
    }

    func opened(_ channel: any Channel, _ waiter: LeaseWaiter) {
        guard let connection = try? channel.pipeline.syncOperations.handler(type: UpstreamConnection.self),
            connection.isOpen
        else { return failed(.connect("closed at once"), waiter) }
        connecting.removeAll { $0 === waiter }
        // Its handshake was made with trust that has changed meanwhile.
        guard connection.securedBy === tls?.context else {
            connection.close()
            return connect(waiter)
        }
        connection.position = all.count
        all.append(connection)
        guard let receiver = waiter.end() else { return connection.release() }
        connection.lease(to: receiver)
        receiver.leased(connection)
    }

    /// What another address would not cure.
    private static let exhaustions: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    /// The system's own words where it gave an error number, such as `Connection refused`.
    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { errnoText($0.errnoCode) } ?? "\(error)"
    }

    func failed(_ failure: UpstreamFailure, _ waiter: LeaseWaiter) {
        // A wait that was over before has been counted as what it ended with.
        if waiter.receiver != nil { counts.count(failure) }
        connecting.removeAll { $0 === waiter }
        waiter.end()?.upstreamFailed(failure)
        connectNext()
    }
}
