package import NIOCore
package import PosternHTTP
package import PosternModel
package import PosternTLS
package import PosternTelemetry

/// Everything one event loop needs to serve requests. Nothing in it is shared with another loop.
package final class GatewayLoop {
    package let eventLoop: any EventLoop
    package let wheel: DeadlineWheel
    package let server: HTTPServer
    package let metrics: LoopMetrics
    let log: LogBuffer?
    /// nil where no request is to be remembered.
    let ring: RequestRing?
    let shadow = ShadowLedger()
    /// New requests are refused for want of memory: read once for each.
    private(set) var isRefusing = false
    /// How many have been.
    var overloadRefusals = 0
    private var isShrunk = false
    /// Those that accept on this loop.
    private var listeners: [LoopListener] = []
    let date = HTTPDate()
    var identifiers = RequestIDGenerator()
    private let resolver: NameResolver
    private let upstreamSettings: UpstreamSettings
    private var pools: [UpstreamTarget: UpstreamPool] = [:]
    private var upstreamTLS: [UpstreamTLSProfile: TLSContext] = [:]
    private(set) var served: ServedPlan
    /// Where method ARNs are put together: `{api-id}/{stage}/{METHOD}/{path}`, 1,600 bytes at most.
    let resourceScratch = UnsafeMutableRawPointer.allocate(byteCount: methodARNLimit, alignment: 8)

    /// Bytes of a method's ARN (reference, section 1.1).
    static let methodARNLimit = 1_600

    package init(
        eventLoop: any EventLoop, resolver: NameResolver, peers: UnixPeerReader, upstream: UpstreamSettings,
        log: LogBuffer?, explainedRequests: Int, acceptErrors: AcceptErrors
    ) {
        self.eventLoop = eventLoop
        self.resolver = resolver
        self.upstreamSettings = upstream
        self.log = log
        ring = explainedRequests > 0 ? RequestRing(capacity: explainedRequests) : nil
        wheel = DeadlineWheel(eventLoop: eventLoop)
        server = HTTPServer(
            eventLoop: eventLoop, wheel: wheel, inquiry: .facts(peers), acceptErrors: acceptErrors, leavesReserve: true)
        metrics = LoopMetrics(vocabulary: Self.vocabulary)
        served = .empty
    }

    deinit { resourceScratch.deallocate() }

    /// The names behind the numbers that this loop counts with.
    package static let vocabulary = MetricsVocabulary(
        refusals: GatewayResponse.Kind.allCases.map { "\($0.name)" },
        parseRefusals: WireRefusal.allCases.map(\.rawValue),
        proxyHeaderRefusals: ["untrusted_peer"] + ProxyHeaderRefusal.allCases.map(\.rawValue),
        unixPeerRefusals: UnixPeerRefusal.allCases.map(\.rawValue),
        handshakes: HandshakeOutcome.names,
        policies: PolicyKind.allCases.map { "\($0.name)" })

    /// Serves `plan` from the next request on; exchanges under way end by the plan they began with.
    package func adopt(_ plan: Plan) {
        served = ServedPlan(plan) { target in pool(for: target) }
        metrics.resize(
            to: plan.routes.map {
                RouteIdentity(api: $0.apiID, stage: $0.stage, resourcePath: $0.resourcePath, verb: $0.verb)
            })
        metrics.resize(apis: plan.apis.map(\.id))
        shadow.keep(plan)
        for listener in listeners { listener.adopt(plan) }
        let wanted = Set(plan.targets)
        for (target, pool) in pools where !wanted.contains(target) {
            pool.retire()
            pools[target] = nil
        }
    }

    /// Has the listener follow plans from now on. One that is closed keeps the policy it had, for what its connections
    /// still ask.
    func add(_ listener: LoopListener) {
        if let plan = served.plan { listener.adopt(plan) }
        listeners.append(listener)
    }

    func remove(_ listener: LoopListener) { listeners.removeAll { $0 === listener } }

    private func pool(for target: UpstreamTarget) -> UpstreamPool {
        if let known = pools[target] { return known }
        let made = UpstreamPool(
            address: UpstreamAddress(target), isSecured: target.tls != nil, settings: upstreamSettings,
            eventLoop: eventLoop, wheel: wheel, resolver: resolver, space: server.tlsSpace)
        made.handshakeEnded = { [metrics] in metrics.countUpstreamHandshake(HandshakeOutcome($0).index) }
        made.isShrunk = isShrunk
        secure(made, target)
        pools[target] = made
        return made
    }

    /// Secures connections to upstreams from now on by these.
    package func secure(upstreams: [UpstreamTLSProfile: TLSContext]) {
        upstreamTLS = upstreams
        for (target, pool) in pools { secure(pool, target) }
    }

    private func secure(_ pool: UpstreamPool, _ target: UpstreamTarget) {
        guard let profile = target.tls, let context = upstreamTLS[profile] else { return }
        pool.secure(with: ClientTLS(context, serverName: profile.expected.serverName))
    }

    /// Counts that are levels, not events, are read when somebody asks.
    package func snapshot() -> MetricsSnapshot {
        metrics.upstreamIdle = pools.values.reduce(0) { $0 + $1.idleCount }
        metrics.upstreamActive = pools.values.reduce(0) { $0 + $1.connectionCount } - metrics.upstreamIdle
        return metrics.snapshot()
    }

    package func upstreams() -> [UpstreamHealth] {
        pools.map { UpstreamHealth(target: $0, pool: $1) }
    }

    /// Hands the log's last lines to its writer.
    package func flushLog() {
        if let log, log.isDirty { log.flush() }
    }

    /// Sheds as much as the level says from now on.
    package func adopt(_ level: OverloadLevel) {
        isRefusing = level >= .refuse
        isShrunk = level >= .shrinkTimers
        server.adopt(level)
        for pool in pools.values { pool.isShrunk = isShrunk }
        if isShrunk { closeIdleUpstreams() }
    }

    /// For their descriptors or their memory.
    func closeIdleUpstreams() {
        for pool in pools.values { pool.closeIdle() }
    }

    package func closeUpstreams() {
        for pool in pools.values { pool.retire() }
    }
}

extension UpstreamAddress {
    init(_ target: UpstreamTarget) {
        switch target.address {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .unix(let path): self = .unix(path: path)
        }
    }
}
