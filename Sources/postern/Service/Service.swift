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
    let logger: Logger
    /// nil where no successor can be started.
    let program: StartedProgram?
    private let given: GivenSockets
    private var stored: StoredSockets
    let processID = getpid()
    private let group: MultiThreadedEventLoopGroup
    private let adminGroup: MultiThreadedEventLoopGroup
    let gateway: Gateway
    let traffic: TrafficMonitor
    let overload: OverloadMonitor
    let watch: ServiceWatch
    let log: LogWriter?
    let certificateKeeper: MaterialKeeper
    let revocation: RevocationService
    private let responders: ResponderClient
    let started = ContinuousClock.now
    private(set) var configuration: LoadedConfiguration
    /// The plans served last, oldest first, the current one included: what requests of the recent past were decided by.
    private(set) var plans: [Plan] = []
    let listeners: ListenerSet
    private(set) var admin: AdminServer?
    private(set) var adminSockets: [OpenListener] = []
    private(set) var generation = 1
    private(set) var publishedAt = SystemTime.wallNanoseconds()
    private(set) var isServing = false
    /// The start or a reload is under way; the next change waits for it.
    private var isChanging = false
    /// A successor serves on our sockets.
    private var isReplaced = false
    /// Yields once, when a successor has taken this process's place, which is to stop then.
    nonisolated let replacements: AsyncStream<Void>
    private let replaced: AsyncStream<Void>.Continuation
    private(set) var reloads = (succeeded: 0, failed: 0)
    private(set) var lastReload: (epochSecond: Int, orderedBy: String, report: ReloadReport)?

    // MARK: Start

    /// - Parameters:
    ///   - path: where the configuration is loaded from again.
    ///   - program: what is started to take this process's place; nil: nothing is.
    ///   - holdsSockets: the service manager shall keep the listening sockets while the service restarts.
    init(
        _ configuration: LoadedConfiguration, path: String, given: GivenSockets = .none,
        program: StartedProgram? = nil, holdsSockets: Bool = false, logger: Logger
    ) async throws {
        self.configuration = configuration
        self.configurationPath = path
        self.given = given
        self.program = program
        stored = StoredSockets(isWanted: holdsSockets)
        (replacements, replaced) = AsyncStream.makeStream(of: Void.self)
        self.logger = logger
        let process = configuration.process
        log = try process.accessLog.target.map { target throws(LogTargetError) in try LogWriter(target) }
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
        overload = OverloadMonitor(process.overload, gateway: gateway, logger: logger)
        watch = ServiceWatch(accessLog: log, gateway: gateway, logger: logger)
        listeners = ListenerSet(gateway, given, logger: logger)
    }

    /// Opens everything and begins to serve; on a failure no socket's file of ours stays, and the process is meant to end. Where
    /// it is to take another's place, nothing is accepted before everything is ready, and it returns once the place is its own.
    func start() async throws {
        isChanging = true
        defer { isChanging = false }
        do {
            if given.predecessor == nil {
                try openAdmin()
                try await serveAdmin()
            }
            let opened = try listeners.open(configuration)
            let materials = await certificateKeeper.materials
            try await gateway.secure(upstreams: materials.upstreams.mapValues(\.context))
            try await publish(configuration.plan)
            try Task.checkCancellation()
            if let predecessor = given.predecessor {
                // Last of all: a path that is taken from the predecessor would not come back to it.
                try openAdmin()
                try await awaitTurn(after: predecessor)
            }
            try await listeners.serve(configuration, opened, materials)
            if given.predecessor != nil { try await serveAdmin() }
        } catch {
            for socket in adminSockets { socket.close() }
            throw error
        }
        isServing = true
        let unused = given.held.closeRest()
        if let predecessor = given.predecessor {
            await takePlace(of: predecessor)
        } else {
            for socket in listeners.sockets { socket.claimFile() }
        }
        notifyServiceManager("READY=1\nSTATUS=\(statusText)")
        holdSockets(closed: unused)
        await traffic.start()
        await overload.start()
        await watch.start()
        await certificateKeeper.start { [weak self] _ in await self?.filesChanged() }
        for warning in configuration.warnings { logger.warning("\(warning)") }
        for listener in listeners.running {
            logger.notice(
                "listening",
                metadata: ["endpoint": "\(listener.specification.endpointID)", "addresses": "\(listener.addresses)"])
        }
        for name in listeners.unusedInherited {
            logger.warning("no listener takes the inherited socket", metadata: ["name": "\(name)"])
        }
    }

    /// For the service manager, in words.
    var statusText: String {
        "serving generation \(generation): \(configuration.plan.summary) on "
            + counted(listeners.running.count, "listener")
    }

    private func openAdmin() throws(ListenerError) {
        let settings = configuration.process.admin
        let socket = ListenerSpecification(
            endpointID: "admin",
            bind: .unix(
                .init(
                    path: settings.socket.path, mode: settings.socket.mode, owner: settings.socket.owner,
                    group: settings.socket.group)))
        adminSockets = try ListenerSocket.open(socket, count: 1, held: given.held, admits: { _ in false })
        guard let port = settings.port else { return }
        let loopback = ListenerSpecification(endpointID: "admin", bind: .address("127.0.0.1", port: port))
        adminSockets += try ListenerSocket.open(
            loopback, count: 1, held: given.held, admits: { $0.ipAddress == "127.0.0.1" })
    }

    private func serveAdmin() async throws {
        admin = try await AdminServer.start(
            on: adminGroup.next(), access: configuration.process.admin.access(ownUser: geteuid()))
        try await listenForAdmin { $0.takeDescriptors() }
        for note in adminSockets.flatMap(\.notes) { logger.warning("\(note)", metadata: ["endpoint": "admin"]) }
        for socket in adminSockets where socket.address.ipAddress != nil {
            logger.notice("admin", metadata: ["address": "\(socket.address.listenerText)"])
        }
    }

    func listenForAdmin(_ descriptors: (OpenListener) throws -> [CInt]) async throws {
        try await admin?.listen(for: self, on: adminSockets.flatMap(descriptors))
    }

    /// Has the service manager keep what listens now, and nothing else.
    /// - Parameter closed: what it may have kept from before.
    private func holdSockets(closed: [HeldPlace] = []) {
        for place in closed { DescriptorStore.remove(name: place.name) }
        for address in stored.update(listeners.sockets) {
            logger.warning(
                "a restart does not keep the socket, for its path is too long", metadata: ["path": "\(address)"])
        }
    }

    /// Files that the TLS settings name have changed. Connections that begin from now on are secured by what they hold.
    private func filesChanged() async {
        await beginChange()
        defer { endChange() }
        guard isServing else { return }
        // A reload may have come in between.
        let materials = await certificateKeeper.materials
        do {
            try await gateway.secure(upstreams: materials.upstreams.mapValues(\.context))
            try await listeners.secure(with: materials)
        } catch {
            logger.error("changed certificates are served in part only: \(error)")
        }
    }

    // MARK: Reload

    /// - Parameter orderedBy: `SIGHUP`, or the user at the admin socket.
    func reload(orderedBy: String = "SIGHUP") async -> ReloadReport {
        await beginChange()
        defer { endChange() }
        guard isServing else {
            return ReloadReport(succeeded: false, generation: generation, messages: ["the gateway is not serving"])
        }
        notifyServiceManager("RELOADING=1\nMONOTONIC_USEC=\(SystemTime.monotonicNanoseconds() / 1000)")
        let report = await attemptReload()
        if report.succeeded { reloads.succeeded += 1 } else { reloads.failed += 1 }
        for message in report.messages {
            if report.succeeded { logger.notice("reload: \(message)") } else { logger.error("reload: \(message)") }
        }
        lastReload = (SystemTime.wallNanoseconds() / 1_000_000_000, orderedBy, report)
        notifyServiceManager("READY=1\nSTATUS=\(report.succeeded ? statusText : failureText(report))")
        return report
    }

    /// One line, as the service manager shows it.
    private func failureText(_ report: ReloadReport) -> String {
        let problem = report.messages.first?.split(separator: "\n").first ?? ""
        let time = timeText(SystemTime.wallNanoseconds())
        return "reload failed at \(time): \(problem); generation \(generation) keeps serving"
    }

    /// Waits until neither the start, a reload nor an upgrade is under way; the next one waits for `endChange`.
    func beginChange() async {
        while isChanging { try? await Task.sleep(for: .milliseconds(10)) }
        isChanging = true
    }

    func endChange() { isChanging = false }

    private func attemptReload() async -> ReloadReport {
        let next: LoadedConfiguration
        let materials: TLSMaterials
        do {
            next = try ConfigurationLoader.load(path: configurationPath, generation: generation + 1)
            materials = try await certificateKeeper.load(next)
            try next.checkCapabilities()
        } catch {
            return unchanged(error.all.map(\.description))
        }
        let leaving = listeners.leaving(for: next)
        let opened: ListenerSet.Opened
        do {
            opened = try listeners.open(next, leaving: leaving)
        } catch {
            return unchanged([next.text(of: error)])
        }
        // From here on nothing refuses the new configuration.
        generation += 1
        let messages =
            changes(from: configuration, to: next, opened: opened, leaving: leaving)
            + materials.warnings.map(\.description)
        do {
            await certificateKeeper.adopt(materials, of: next)
            try await gateway.secure(upstreams: materials.upstreams.mapValues(\.context))
            try await publish(next.plan)
            publishedAt = SystemTime.wallNanoseconds()
            let former = configuration.plan
            configuration = next
            admin?.adopt(next.process.admin.access(ownUser: geteuid()))
            await overload.adopt(next.process.overload)
            try await listeners.close(leaving)
            try await listeners.serve(next, opened, materials)
            holdSockets()
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

    // MARK: Stop

    /// A successor serves: this process is to stop.
    func wasReplaced() {
        isServing = false
        isReplaced = true
        replaced.yield()
    }

    /// Stops accepting, waits for exchanges to end, cuts what is left at the deadline, or at once where the task is cancelled.
    /// - Returns: how many connections were cut.
    func drain() async throws -> Int {
        isServing = false
        // A reload under way would open what is closed here; an upgrade ends its successor. None begins any more.
        await beginChange()
        endChange()
        for socket in listeners.sockets { socket.close(keepingFile: isReplaced || stored.hold(socket)) }
        if isReplaced {
            for socket in adminSockets { socket.close(keepingFile: true) }
            try await admin?.drain()
        }
        let telling = isReplaced ? nil : Task { await tellOfDrain() }
        let limit = Duration.milliseconds(configuration.process.timeouts.drain)
        let cut = try await gateway.drain(within: limit)
        telling?.cancel()
        for socket in adminSockets { socket.close() }
        await traffic.stop()
        await overload.stop()
        await watch.stop()
        await certificateKeeper.stop()
        try await responders.stop()
        try await admin?.stop()
        log?.close(within: .seconds(5))
        try await group.shutdownGracefully()
        try await adminGroup.shutdownGracefully()
        return cut
    }

    /// Tells the service manager how far the drain is, and that it must not lose patience, until cancelled.
    private func tellOfDrain() async {
        var isFirst = true
        while !Task.isCancelled {
            let connections = (try? await gateway.connectionCount()) ?? 0
            let first = isFirst ? "STOPPING=1" : "EXTEND_TIMEOUT_USEC=15000000"
            notifyServiceManager("\(first)\nSTATUS=draining: \(counted(connections, "connection"))")
            isFirst = false
            try? await Task.sleep(for: .seconds(5))
        }
    }

    // MARK: Watchdog

    nonisolated var eventLoops: [any EventLoop] { Array(group.makeIterator()) + Array(adminGroup.makeIterator()) }

    /// Answers where changes are made.
    func answer(_ answer: @Sendable () -> Void) { answer() }

    /// For log rotation.
    func reopenLog() {
        log?.reopen()
        SystemLog.process.reopen()
    }

    /// Where the listeners ended up, for those bound to port 0.
    func addresses(of endpoint: String) -> [SocketAddress] {
        listeners.running.filter { $0.specification.endpointID == endpoint }.flatMap(\.sockets).map(\.address)
    }
}
