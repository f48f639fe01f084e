import Glibc
import Logging
import NIOCore
import NIOPosix
import PosternControl
import PosternGateway
import PosternHTTP
import PosternHost
import PosternModel
import PosternPolicy
import PosternTelemetry

/// The running program: what the control plane loaded, served by the data plane, with its listeners and its admin socket.
///
/// Start, reload and stop happen one after another; nothing here is on the path of a request.
actor Service {
    private let configurationPath: String
    private let logger: Logger
    private let inherited: InheritedSockets
    private let group: MultiThreadedEventLoopGroup
    private let adminGroup: MultiThreadedEventLoopGroup
    let gateway: Gateway
    let traffic: TrafficMonitor
    let log: LogWriter?
    private let certificateKeeper: MaterialKeeper
    private let revocation: RevocationService
    private let responders: ResponderClient
    let started = ContinuousClock.now
    private(set) var configuration: LoadedConfiguration
    /// The plans served last, oldest first, the current one included: what requests of the recent past were decided by.
    private(set) var plans: [Plan] = []
    private(set) var listeners: [RunningListener] = []
    private let total: ConnectionBudget
    /// By endpoint id; a reload keeps what they remember of sources.
    private var handshakeLimiters: [String: HandshakeLimiter] = [:]
    private var admin: AdminServer?
    private var adminSockets: [OpenListener] = []
    private(set) var generation = 1
    private var publishedAt = SystemTime.wallNanoseconds()
    private(set) var isServing = false
    /// The start or a reload is under way; the next change waits for it.
    private var isChanging = false
    private var reloads = (succeeded: 0, failed: 0)
    private(set) var lastReload: (epochSecond: Int, report: ReloadReport)?

    /// A listener of the configuration with its sockets: several where an interface has several addresses.
    struct RunningListener {
        var specification: ListenerSpecification
        var budget: ConnectionBudget
        var sockets: [OpenListener]
        var served: [ServedListener]

        var addresses: [String] { sockets.map { $0.address.listenerText } }
    }

    // MARK: Start

    init(_ configuration: LoadedConfiguration, path: String, inherited: InheritedSockets, logger: Logger) async throws {
        self.configuration = configuration
        self.configurationPath = path
        self.inherited = inherited
        self.logger = logger
        let process = configuration.process
        let target: LogTarget? =
            switch process.accessLog {
            case .off: nil
            case .standardOutput: .standardOutput
            case .standardError: .standardError
            case .file(let path): .file(path)
            }
        log = try target.map { target throws(LogTargetError) in try LogWriter(target) }
        group = MultiThreadedEventLoopGroup(numberOfThreads: process.loops ?? System.coreCount)
        adminGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        responders = try await ResponderClient.start(on: adminGroup.next())
        revocation = RevocationService(client: responders)
        let environment = MaterialEnvironment.ofProcess()
        let materials = try TLSMaterialLoader.load(configuration, environment: environment, revocation: revocation)
        certificateKeeper = MaterialKeeper(
            materials, of: configuration, environment: environment, revocation: revocation,
            staples: StapleKeeper(client: responders, on: adminGroup.next()), logger: logger)
        var upstream = UpstreamSettings()
        upstream.keepAlive = .milliseconds(Int64(process.timeouts.upstreamKeepAlive))
        upstream.streamIdle = .milliseconds(Int64(process.timeouts.streamIdle))
        gateway = try await Gateway.start(
            on: group, resolver: NameResolver(), peers: UnixPeerReader(), upstream: upstream, log: log,
            explainedRequests: process.explainedRequests)
        traffic = TrafficMonitor(gateway)
        total = ConnectionBudget(most: process.limits.connections ?? DescriptorLimit.defaultConnections)
    }

    /// Opens everything and begins to serve; on a failure no socket's file stays, and the process is meant to end.
    func start() async throws {
        isChanging = true
        defer { isChanging = false }
        do {
            try await openAdmin()
            let opened = try open(configuration, leaving: [])
            let materials = await certificateKeeper.materials
            try await gateway.secure(upstreams: materials.upstreams.mapValues(\.context))
            try await publish(configuration.plan)
            try await serve(configuration, opened, materials)
        } catch {
            for socket in adminSockets { socket.close() }
            throw error
        }
        await traffic.start()
        await certificateKeeper.start { [weak self] _ in await self?.filesChanged() }
        isServing = true
        for warning in configuration.warnings { logger.warning("\(warning)") }
        for listener in listeners {
            logger.notice(
                "listening",
                metadata: ["endpoint": "\(listener.specification.endpointID)", "addresses": "\(listener.addresses)"])
        }
        for name in inherited.unused(by: listeners.map(\.specification)) {
            logger.warning("no listener takes the inherited socket", metadata: ["name": "\(name)"])
        }
    }

    private func openAdmin() async throws {
        let settings = configuration.process.admin
        let socket = ListenerSpecification(
            endpointID: "admin",
            bind: .unix(
                .init(
                    path: settings.socket.path, mode: settings.socket.mode, owner: settings.socket.owner,
                    group: settings.socket.group)))
        let changing = try ListenerSocket.open(socket, count: 1, admits: { _ in false })
        var reading: [OpenListener] = []
        if let port = settings.port {
            let loopback = ListenerSpecification(endpointID: "admin", bind: .address("127.0.0.1", port: port))
            reading = try ListenerSocket.open(loopback, count: 1, admits: { $0.ipAddress == "127.0.0.1" })
        }
        adminSockets = changing + reading
        for note in changing.flatMap(\.notes) { logger.warning("\(note)", metadata: ["endpoint": "admin"]) }
        admin = try await AdminServer.start(
            on: adminGroup.next(), service: self, access: settings.access(ownUser: geteuid()),
            changing: changing.flatMap { $0.takeDescriptors() },
            reading: reading.flatMap { $0.takeDescriptors() })
        for socket in reading { logger.notice("admin", metadata: ["address": "\(socket.address.listenerText)"]) }
    }

    /// Files that the TLS settings name have changed. Connections that begin from now on are secured by what they hold.
    private func filesChanged() async {
        await waitForChange()
        guard isServing else { return }
        isChanging = true
        defer { isChanging = false }
        // A reload may have come in between.
        let materials = await certificateKeeper.materials
        do {
            try await gateway.secure(upstreams: materials.upstreams.mapValues(\.context))
            for listener in listeners {
                guard let tls = serverTLS(of: listener.specification.endpointID, in: materials) else { continue }
                for served in listener.served { try await served.secure(with: tls) }
            }
        } catch {
            logger.error("changed certificates are served in part only: \(error)")
        }
    }

    /// nil for a listener whose connections are not secured.
    private func serverTLS(of endpoint: String, in materials: TLSMaterials) -> ServerTLS? {
        guard let tls = materials.listeners[endpoint] else { return nil }
        let perSource = tls.declared.handshakesPerSource
        if handshakeLimiters[endpoint]?.perSecond != perSource {
            handshakeLimiters[endpoint] = perSource > 0 ? HandshakeLimiter(perSecond: perSource) : nil
        }
        return ServerTLS(tls, limiter: handshakeLimiters[endpoint])
    }

    // MARK: Listeners

    /// Opens the sockets of listeners that are not open yet: all of them or none.
    private func open(
        _ configuration: LoadedConfiguration, leaving: [RunningListener]
    ) throws(ListenerError) -> [ListenerSpecification: [OpenListener]] {
        let ranges = configuration.process.internalRanges
        func isInternal(_ address: SocketAddress) -> Bool {
            address.ipAddress.flatMap(IPAddress.init).map(ranges.contains) ?? false
        }
        var missing: [ListenerSpecification] = []
        for specification in configuration.process.listeners.map(\.specification) {
            guard let kept = listeners.first(where: { $0.specification == specification }) else {
                missing.append(specification)
                continue
            }
            // What stays open is held to the new ranges as well.
            for address in kept.sockets.map(\.address) where address.ipAddress != nil && !isInternal(address) {
                throw ListenerError(endpointID: specification.endpointID, .notInternal(address.listenerText))
            }
        }
        // Opening a socket at the path of one that leaves takes the path away from it at once: nothing else may fail then.
        let paths = Set(leaving.compactMap(\.specification.socketPath))
        let takesOver = { (new: ListenerSpecification) in new.socketPath.map(paths.contains) ?? false }
        var opened: [ListenerSpecification: [OpenListener]] = [:]
        for specification in missing.filter({ !takesOver($0) }) + missing.filter(takesOver) {
            opened[specification] = try ListenerSocket.open(
                specification, count: gateway.loopCount, inherited: inherited, replacing: leaving.flatMap(\.sockets),
                admits: isInternal)
        }
        return opened
    }

    /// Serves the configuration's listeners: new ones from `opened`, those that stay with their new settings.
    private func serve(
        _ configuration: LoadedConfiguration, _ opened: [ListenerSpecification: [OpenListener]],
        _ materials: TLSMaterials
    ) async throws {
        let wanted = configuration.process.listeners
        try await gateway.nameListeners(wanted.map(\.id), served: listeners.flatMap(\.served))
        for (index, wanted) in wanted.enumerated() {
            let specification = wanted.specification
            let tls = serverTLS(of: wanted.id, in: materials)
            if let kept = listeners.first(where: { $0.specification == specification }) {
                kept.budget.most = wanted.maxConnections
                for served in kept.served {
                    try await served.update(opening(wanted, configuration, index, kept.budget, tls, nil))
                }
            } else {
                let budget = ConnectionBudget(most: wanted.maxConnections)
                let sockets = opened[specification] ?? []
                var served: [ServedListener] = []
                for socket in sockets {
                    for note in socket.notes { logger.warning("\(note)", metadata: ["endpoint": "\(wanted.id)"]) }
                    served.append(
                        try await gateway.listen(
                            opening(wanted, configuration, index, budget, tls, socket)))
                }
                listeners.append(
                    RunningListener(specification: specification, budget: budget, sockets: sockets, served: served))
            }
        }
        listeners = wanted.compactMap { wanted in listeners.first { $0.specification == wanted.specification } }
    }

    private func opening(
        _ listener: ListenerConfiguration, _ configuration: LoadedConfiguration, _ index: Int,
        _ budget: ConnectionBudget, _ tls: ServerTLS?, _ socket: OpenListener?
    ) -> ListenerOpening {
        ListenerOpening(
            endpointID: listener.id, vpcID: listener.vpc, localInterface: socket?.localInterface,
            defaultAPI: listener.defaultAPI, settings: ServerSettings(listener, configuration.process),
            tls: tls, budgets: [total, budget],
            descriptors: socket?.takeDescriptors() ?? [], index: index, trusts: listener.proxyTrust)
    }

    // MARK: Reload

    func reload() async -> ReloadReport {
        await waitForChange()
        guard isServing else {
            return ReloadReport(succeeded: false, generation: generation, messages: ["the gateway is not serving"])
        }
        isChanging = true
        defer { isChanging = false }
        notifyServiceManager("RELOADING=1\nMONOTONIC_USEC=\(SystemTime.monotonicNanoseconds() / 1000)")
        defer { notifyServiceManager("READY=1") }
        let report = await attemptReload()
        if report.succeeded { reloads.succeeded += 1 } else { reloads.failed += 1 }
        for message in report.messages {
            if report.succeeded { logger.notice("reload: \(message)") } else { logger.error("reload: \(message)") }
        }
        lastReload = (SystemTime.wallNanoseconds() / 1_000_000_000, report)
        return report
    }

    /// Waits until neither the start nor a reload is under way; nothing else runs between its return and the caller's next suspension.
    private func waitForChange() async {
        while isChanging { try? await Task.sleep(for: .milliseconds(10)) }
    }

    private func attemptReload() async -> ReloadReport {
        let next: LoadedConfiguration
        let materials: TLSMaterials
        do {
            next = try ConfigurationLoader.load(path: configurationPath, generation: generation + 1)
            materials = try await certificateKeeper.load(next)
        } catch {
            return unchanged(error.all.map(\.description))
        }
        let wanted = Set(next.process.listeners.map(\.specification))
        let leaving = listeners.filter { !wanted.contains($0.specification) }
        let opened: [ListenerSpecification: [OpenListener]]
        do {
            opened = try open(next, leaving: leaving)
        } catch {
            return unchanged([next.text(of: error)])
        }
        // From here on nothing refuses the new configuration.
        generation += 1
        let messages =
            changes(from: configuration, to: next, opened: opened, leaving: leaving)
            + materials.warnings.map(\.description)
        total.most = next.process.limits.connections ?? DescriptorLimit.defaultConnections
        do {
            await certificateKeeper.adopt(materials, of: next)
            try await gateway.secure(upstreams: materials.upstreams.mapValues(\.context))
            try await publish(next.plan)
            publishedAt = SystemTime.wallNanoseconds()
            let former = configuration.plan
            configuration = next
            admin?.adopt(next.process.admin.access(ownUser: geteuid()))
            listeners.removeAll { listener in leaving.contains { $0.specification == listener.specification } }
            for listener in leaving {
                for socket in listener.sockets { socket.close() }
                for served in listener.served { try await served.close() }
            }
            try await serve(next, opened, materials)
            let changes = await decisionChanges(from: former, to: next.plan)
            return ReloadReport(
                succeeded: true, generation: generation, messages: messages + (changes?.lines ?? []),
                decisionChanges: changes)
        } catch {
            // The system refused what it hardly ever does, such as to watch one more descriptor.
            let problem = "generation \(generation) is served in part only: \(error)"
            return ReloadReport(succeeded: false, generation: generation, messages: [problem])
        }
    }

    private func publish(_ plan: Plan) async throws {
        plans = plans.suffix(Self.heldPlans - 1) + [plan]
        try await gateway.publish(plan)
    }

    /// Enough to explain requests from before the last few reloads, without old policies piling up in memory.
    private static let heldPlans = 4

    private func unchanged(_ problems: [String]) -> ReloadReport {
        ReloadReport(
            succeeded: false, generation: generation,
            messages: problems + ["nothing was changed; generation \(generation) keeps serving"])
    }

    private func changes(
        from old: LoadedConfiguration, to new: LoadedConfiguration, opened: [ListenerSpecification: [OpenListener]],
        leaving: [RunningListener]
    ) -> [String] {
        var lines = ["generation \(generation) is served: \(new.plan.summary)"]
        for listener in new.process.listeners {
            guard let sockets = opened[listener.specification] else { continue }
            lines.append("opened \(listener.id) on \(sockets.map { $0.address.listenerText }.joined(separator: ", "))")
        }
        for listener in leaving { lines.append("closed \(listener.specification.endpointID)") }
        let (before, after) = (old.process, new.process)
        if before.loops != after.loops { lines.append("`loops` takes effect at the next start") }
        if before.explainedRequests != after.explainedRequests {
            lines.append("`explain.requests` takes effect at the next start")
        }
        if before.accessLog != after.accessLog { lines.append("`accessLog` takes effect at the next start") }
        if !after.admin.hasSockets(of: before.admin) {
            lines.append("`admin` takes effect at the next start, but for `readers` and `writers`")
        }
        if before.timeouts.upstreamKeepAlive != after.timeouts.upstreamKeepAlive {
            lines.append("`timeouts.upstreamKeepAlive` takes effect at the next start")
        }
        if before.timeouts.streamIdle != after.timeouts.streamIdle {
            lines.append("`timeouts.streamIdle` takes effect toward upstreams at the next start")
        }
        return lines + new.warnings.map(\.description)
    }

    // MARK: Stop

    /// Stops accepting, waits for exchanges to end, cuts what is left at the deadline.
    /// - Returns: how many connections were cut.
    func drain() async throws -> Int {
        isServing = false
        // A reload under way would open what is closed here; none begins any more.
        await waitForChange()
        notifyServiceManager("STOPPING=1")
        for socket in listeners.flatMap(\.sockets) { socket.removeSocketFile() }
        let limit = Duration.milliseconds(configuration.process.timeouts.drain)
        let cut = try await gateway.drain(within: limit)
        for socket in listeners.flatMap(\.sockets) + adminSockets { socket.close() }
        await traffic.stop()
        await certificateKeeper.stop()
        try await responders.stop()
        try await admin?.stop()
        log?.close(within: .seconds(5))
        try await group.shutdownGracefully()
        try await adminGroup.shutdownGracefully()
        return cut
    }

    /// For log rotation.
    func reopenLog() { log?.reopen() }

    /// Where the listeners ended up, for those bound to port 0.
    func addresses(of endpoint: String) -> [SocketAddress] {
        listeners.filter { $0.specification.endpointID == endpoint }.flatMap(\.sockets).map(\.address)
    }
}

// MARK: - What the admin socket asks

extension Service: AdminService {
    func isReady() -> Bool { isServing }

    func reload(by caller: AdminCaller) async -> ReloadReport {
        logger.notice(
            "reload ordered",
            metadata: [
                "uid": "\(caller.userID)", "user": "\(caller.userName ?? "")", "gid": "\(caller.groupID)",
                "pid": "\(caller.processID)",
            ])
        return await reload()
    }

    func metrics() async -> [UInt8] {
        guard let snapshot = try? await gateway.snapshot() else { return [] }
        let samples = [
            MetricSample(MetricNames.buildInfo, 1, labels: [("version", Version.text)]),
            MetricSample(MetricNames.planGeneration, Double(generation)),
            MetricSample(MetricNames.planPublished, Double(publishedAt) / 1e9),
            MetricSample(MetricNames.reloads, Double(reloads.succeeded), labels: [("result", "success")]),
            MetricSample(MetricNames.reloads, Double(reloads.failed), labels: [("result", "failure")]),
            MetricSample(MetricNames.ready, isServing ? 1 : 0),
            MetricSample(MetricNames.eventLoops, Double(gateway.loopCount)),
        ]
        let certificates = await certificateKeeper.report().samples + revocation.samples
        return PrometheusText.render(
            snapshot, log: log?.statistics, process: .read(), samples: samples + certificates)
    }

    func certificates() async -> CertificatesReport { await certificateKeeper.report() }
}
