package import NIOCore
package import PosternHTTP
package import PosternModel
package import PosternTLS
package import PosternTelemetry
import Synchronization

/// The data plane: one `GatewayLoop` per event loop, and what is said to all of them.
package final class Gateway: Sendable {
    private let loops: [(eventLoop: any EventLoop, bound: NIOLoopBound<GatewayLoop>)]
    private let connectionIDs = ConnectionIDs()

    private init(_ loops: [(eventLoop: any EventLoop, bound: NIOLoopBound<GatewayLoop>)]) { self.loops = loops }

    /// Makes a loop's state on each event loop. Nothing is served before `publish`.
    ///
    /// - Parameter explainedRequests: how many of its last requests each loop remembers; 0: none.
    package static func start(
        on group: any EventLoopGroup, resolver: NameResolver, peers: UnixPeerReader, upstream: UpstreamSettings,
        log: LogWriter?, explainedRequests: Int
    ) async throws -> Gateway {
        var loops: [(eventLoop: any EventLoop, bound: NIOLoopBound<GatewayLoop>)] = []
        for eventLoop in group.makeIterator() {
            let bound = try await eventLoop.submit {
                let loop = GatewayLoop(
                    eventLoop: eventLoop, resolver: resolver, peers: peers, upstream: upstream,
                    log: log.map(LogBuffer.init), explainedRequests: explainedRequests)
                return NIOLoopBound(loop, eventLoop: eventLoop)
            }.get()
            eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(200), delay: .milliseconds(200)) { _ in
                bound.value.flushLog()
            }
            eventLoop.scheduleRepeatedTask(initialDelay: .seconds(30), delay: .seconds(30)) { _ in
                bound.value.server.reviewPeers(at: SystemTime.wallNanoseconds() / 1_000_000_000)
            }
            loops.append((eventLoop, bound))
        }
        return Gateway(loops)
    }

    /// Every loop serves the plan from its next request on.
    package func publish(_ plan: Plan) async throws {
        for loop in loops {
            try await loop.eventLoop.submit { loop.bound.value.adopt(plan) }.get()
        }
    }

    /// Connections to upstreams that begin from now on are secured by these.
    package func secure(upstreams: [UpstreamTLSProfile: TLSContext]) async throws {
        for loop in loops {
            try await loop.eventLoop.submit { loop.bound.value.secure(upstreams: upstreams) }.get()
        }
    }

    package var loopCount: Int { loops.count }

    /// Accepts on a listener's sockets, spread over the loops: socket `n` belongs to loop `n` modulo their number.
    package func listen(_ opening: ListenerOpening) async throws -> ServedListener {
        var parts: [ServedListener.Part] = []
        for (index, descriptor) in opening.descriptors.enumerated() {
            let loop = loops[index % loops.count]
            let ids = connectionIDs
            let part = try await loop.eventLoop.flatSubmit {
                let gateway = loop.bound.value
                let own = LoopListener(gateway, opening)
                gateway.add(own)
                let listener = ServerListener(
                    endpointID: opening.endpointID, vpcID: opening.vpcID, localInterface: opening.localInterface,
                    settings: opening.settings, tls: opening.tls, budgets: opening.budgets, observer: own,
                    trusts: opening.trusts,
                    nextConnectionID: { ids.next() },
                    makeReceiver: { Exchange(loop: gateway, listener: own, stream: $0) })
                let bound = NIOLoopBound((listener: listener, own: own), eventLoop: loop.eventLoop)
                return gateway.server.listen(on: descriptor, listener).map {
                    ServedListener.Part(loop: loop.bound, eventLoop: loop.eventLoop, listener: bound)
                }
            }.get()
            parts.append(part)
        }
        return ServedListener(parts: parts)
    }

    /// Makes `ids` the order of listeners in the metrics, and tells those that are served their places in it: in one step
    /// on each loop, for a connection is counted by its listener's place as soon as it comes. So the listeners that go
    /// are closed before, and new ones come afterwards.
    package func nameListeners(_ ids: [String], served: [ServedListener]) async throws {
        for loop in loops {
            let parts = served.flatMap(\.parts).filter { $0.eventLoop === loop.eventLoop }
            try await loop.eventLoop.submit {
                loop.bound.value.metrics.resize(listeners: ids)
                for part in parts {
                    let (listener, own) = part.listener.value
                    if let index = ids.firstIndex(of: listener.endpointID) { own.index = index }
                }
            }.get()
        }
    }

    /// No connection is accepted until ``ServedListener/resume(on:)``; those there are go on.
    package func pause() async throws {
        for loop in loops { try await loop.eventLoop.flatSubmit { loop.bound.value.server.pause() }.get() }
    }

    package func snapshot() async throws -> MetricsSnapshot? {
        var whole: MetricsSnapshot?
        for loop in loops {
            let part = try await loop.eventLoop.submit { loop.bound.value.snapshot() }.get()
            if whole == nil { whole = part } else { whole!.merge(part) }
        }
        return whole
    }

    // MARK: What was asked of policies

    /// The newest remembered request with this id or extended id.
    package func request(id: String) async throws -> RequestRecord? {
        var newest: RequestRecord?
        for loop in loops {
            let found = try await loop.eventLoop.submit { loop.bound.value.ring?.record(id: id) }.get()
            if let found, found.wallNanoseconds > newest?.wallNanoseconds ?? 0 { newest = found }
        }
        return newest
    }

    /// How many requests are remembered, of how many at most, and since when in nanoseconds since 1970: of the loop that
    /// reaches back least. nil where no loop remembers any.
    package func memory() async throws -> (requests: Int, capacity: Int, reachesBackTo: Int?) {
        var whole: (requests: Int, capacity: Int, reachesBackTo: Int?) = (0, 0, nil)
        for loop in loops {
            let part = try await loop.eventLoop.submit { () -> (Int, Int, Int?) in
                guard let ring = loop.bound.value.ring else { return (0, 0, nil) }
                return (min(ring.total, ring.capacity), ring.capacity, ring.oldest)
            }.get()
            whole.requests += part.0
            whole.capacity += part.1
            if let oldest = part.2 { whole.reachesBackTo = max(oldest, whole.reachesBackTo ?? 0) }
        }
        return whole
    }

    /// The remembered requests, newest first, evenly from all loops. Taken in small portions, so that no loop is held up.
    package func rememberedRequests(atMost limit: Int) async throws -> [RequestRecord] {
        let share = limit / loops.count
        var all: [RequestRecord] = []
        for loop in loops {
            let numbers = try await loop.eventLoop.submit { () -> Range<Int> in
                guard let ring = loop.bound.value.ring else { return 0..<0 }
                return max(ring.total - min(ring.capacity, share), 0)..<ring.total
            }.get()
            for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 64) {
                let portion = start..<min(start + 64, numbers.upperBound)
                all += try await loop.eventLoop.submit { loop.bound.value.ring?.records(portion) ?? [] }.get()
            }
        }
        return all.sorted { $0.wallNanoseconds > $1.wallNanoseconds }
    }

    package func shadowEntries() async throws -> [ShadowEntry] {
        var entries: [ShadowEntry] = []
        for loop in loops {
            entries += try await loop.eventLoop.submit { loop.bound.value.shadow.entries }.get()
        }
        return ShadowEntry.merged(entries)
    }

    package func connectionCount() async throws -> Int {
        var count = 0
        for loop in loops {
            count += try await loop.eventLoop.submit { loop.bound.value.server.connectionCount }.get()
        }
        return count
    }

    /// Stops accepting and waits for exchanges to end.
    /// - Returns: the connections that had to be cut when `limit` had passed.
    package func drain(within limit: Duration) async throws -> Int {
        for loop in loops {
            try await loop.eventLoop.submit { loop.bound.value.server.drain() }.get()
        }
        let end = ContinuousClock.now + limit
        while try await connectionCount() > 0, ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
        }
        var cut = 0
        for loop in loops {
            cut += try await loop.eventLoop.submit {
                let gateway = loop.bound.value
                let count = gateway.server.closeAll()
                gateway.closeUpstreams()
                gateway.flushLog()
                return count
            }.get()
        }
        return cut
    }
}

/// What it takes to serve a listener.
package struct ListenerOpening: Sendable {
    package var endpointID: String
    package var vpcID: String?
    /// The network interface of the sockets, `OpenListener.localInterface`.
    package var localInterface: String?
    package var defaultAPI: String?
    package var settings: ServerSettings
    /// nil: connections are not secured.
    package var tls: ServerTLS?
    package var budgets: [ConnectionBudget]
    /// Bound, listening sockets; the gateway owns them from now on.
    package var descriptors: [CInt]
    /// Its place in the configuration.
    package var index: Int
    package var trusts: @Sendable (SocketAddress?) -> Bool

    package init(
        endpointID: String, vpcID: String?, localInterface: String?, defaultAPI: String?, settings: ServerSettings,
        tls: ServerTLS?, budgets: [ConnectionBudget], descriptors: [CInt], index: Int,
        trusts: @escaping @Sendable (SocketAddress?) -> Bool
    ) {
        self.endpointID = endpointID
        self.vpcID = vpcID
        self.localInterface = localInterface
        self.defaultAPI = defaultAPI
        self.settings = settings
        self.tls = tls
        self.budgets = budgets
        self.descriptors = descriptors
        self.index = index
        self.trusts = trusts
    }
}

/// A listener that is being served, to be closed or renumbered later.
package struct ServedListener: Sendable {
    struct Part: Sendable {
        let loop: NIOLoopBound<GatewayLoop>
        let eventLoop: any EventLoop
        let listener: NIOLoopBound<(listener: ServerListener, own: LoopListener)>
    }

    let parts: [Part]

    /// Stops accepting; connections that came by it end with what they are doing.
    package func close() async throws {
        for part in parts {
            try await part.eventLoop.submit {
                part.loop.value.server.close(part.listener.value.listener)
                part.loop.value.remove(part.listener.value.own)
            }.get()
        }
    }

    package var descriptorCount: Int { parts.count }

    /// Accepts again after a ``Gateway/pause()``.
    /// - Parameter descriptors: of its sockets, as many as it had; the gateway owns them from now on.
    package func resume(on descriptors: [CInt]) async throws {
        for (part, descriptor) in zip(parts, descriptors) {
            try await part.eventLoop.flatSubmit {
                part.loop.value.server.listen(on: descriptor, part.listener.value.listener)
            }.get()
        }
    }

    /// What a reload changed while the sockets stay: the default API for every request from now on, settings for new
    /// connections.
    package func update(_ opening: ListenerOpening) async throws {
        for part in parts {
            try await part.eventLoop.submit {
                let (listener, own) = part.listener.value
                own.defaultAPI = Array((opening.defaultAPI ?? "").utf8)
                listener.update(settings: opening.settings, trusts: opening.trusts)
            }.get()
        }
        try await secure(with: opening.tls)
    }

    /// How connections are secured from now on. Open ones are looked at again by the new trust; those that are not secured
    /// end with what they are doing.
    package func secure(with tls: ServerTLS?) async throws {
        for part in parts {
            try await part.eventLoop.submit {
                let (listener, server) = (part.listener.value.listener, part.loop.value.server)
                let wasSecured = listener.tls != nil
                listener.secure(with: tls)
                if !wasSecured, tls != nil { server.closeUnsecured(listener) }
                server.reviewPeers(of: listener, at: SystemTime.wallNanoseconds() / 1_000_000_000)
            }.get()
        }
    }
}

/// Numbers connections over all loops.
private final class ConnectionIDs: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
