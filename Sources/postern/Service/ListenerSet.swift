import Logging
import NIOCore
import PosternControl
import PosternGateway
import PosternHTTP
import PosternModel
import PosternPolicy

/// The listeners of the running program: opened as the configuration asks, served by the data plane, closed when a new
/// configuration does without them. It belongs to the ``Service``, which calls nothing here twice at once.
final class ListenerSet {
    /// A listener of the configuration with its sockets: several where an interface has several addresses.
    struct Running {
        var specification: ListenerSpecification
        var budget: ConnectionBudget
        var sockets: [OpenListener]
        var served: [ServedListener]

        var addresses: [String] { sockets.map { $0.address.listenerText } }
    }

    /// Sockets that were opened and are not served yet.
    typealias Opened = [ListenerSpecification: [OpenListener]]

    /// In the configuration's order.
    private(set) var running: [Running] = []
    private let gateway: Gateway
    let inherited: InheritedSockets
    private let held: HeldSockets
    private let logger: Logger
    /// Of all listeners together.
    private let total: ConnectionBudget
    /// By endpoint id; a reload keeps what they remember of sources.
    private var handshakeLimiters: [String: HandshakeLimiter] = [:]

    init(_ gateway: Gateway, _ given: GivenSockets, logger: Logger) {
        self.gateway = gateway
        inherited = given.inherited
        held = given.held
        self.logger = logger
        total = ConnectionBudget(most: DescriptorLimit.defaultConnections)
    }

    var sockets: [OpenListener] { running.flatMap(\.sockets) }

    /// Inherited sockets that no listener asks for.
    var unusedInherited: [String] { inherited.unused(by: running.map(\.specification)) }

    /// What the configuration does without.
    func leaving(for configuration: LoadedConfiguration) -> [Running] {
        let wanted = Set(configuration.process.listeners.map(\.specification))
        return running.filter { !wanted.contains($0.specification) }
    }

    // MARK: Opening

    /// Opens the sockets of listeners that are not open yet: all of them or none.
    func open(_ configuration: LoadedConfiguration, leaving: [Running] = []) throws(ListenerError) -> Opened {
        let ranges = configuration.process.internalRanges
        func isInternal(_ address: SocketAddress) -> Bool {
            address.ipAddress.flatMap(IPAddress.init).map(ranges.contains) ?? false
        }
        var missing: [ListenerSpecification] = []
        for specification in configuration.process.listeners.map(\.specification) {
            guard let kept = running.first(where: { $0.specification == specification }) else {
                missing.append(specification)
                continue
            }
            // What stays open is held to the new ranges as well.
            for address in kept.sockets.map(\.address) where address.ipAddress != nil && !isInternal(address) {
                throw ListenerError(endpointID: specification.endpointID, .notInternal(address.listenerText))
            }
        }
        // Opening a socket at the path of one that leaves takes the path away from it at once: nothing else may fail then.
        let paths = Set(leaving.compactMap(\.specification.socketPath)).union(held.paths)
        let takesOver = { (new: ListenerSpecification) in new.socketPath.map(paths.contains) ?? false }
        var opened: Opened = [:]
        for specification in missing.filter({ !takesOver($0) }) + missing.filter(takesOver) {
            opened[specification] = try ListenerSocket.open(
                specification, count: gateway.loopCount, inherited: inherited, held: held,
                replacing: leaving.flatMap(\.sockets), admits: isInternal)
        }
        return opened
    }

    // MARK: Serving

    /// Serves the configuration's listeners: new ones from `opened`, those that stay with their new settings.
    nonisolated(nonsending) func serve(
        _ configuration: LoadedConfiguration, _ opened: Opened, _ materials: TLSMaterials
    ) async throws {
        total.most = configuration.process.limits.connections ?? DescriptorLimit.defaultConnections
        let wanted = configuration.process.listeners
        try await gateway.nameListeners(wanted.map(\.id), served: running.flatMap(\.served))
        for (index, wanted) in wanted.enumerated() {
            let specification = wanted.specification
            let tls = serverTLS(of: wanted.id, in: materials)
            if let kept = running.first(where: { $0.specification == specification }) {
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
                running.append(
                    Running(specification: specification, budget: budget, sockets: sockets, served: served))
            }
        }
        running = wanted.compactMap { wanted in running.first { $0.specification == wanted.specification } }
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

    /// Connections that begin from now on are secured by these.
    nonisolated(nonsending) func secure(with materials: TLSMaterials) async throws {
        for listener in running {
            guard let tls = serverTLS(of: listener.specification.endpointID, in: materials) else { continue }
            for served in listener.served { try await served.secure(with: tls) }
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

    // MARK: Pausing

    /// Accepts again after a pause of the gateway.
    nonisolated(nonsending) func resume() async throws {
        for listener in running {
            for (socket, served) in zip(listener.sockets, listener.served) {
                try await served.resume(on: socket.moreDescriptors(served.descriptorCount))
            }
        }
    }

    // MARK: Closing

    /// Stops accepting on these; their connections end with what they are doing.
    nonisolated(nonsending) func close(_ leaving: [Running]) async throws {
        running.removeAll { listener in leaving.contains { $0.specification == listener.specification } }
        for listener in leaving {
            for socket in listener.sockets { socket.close() }
            for served in listener.served { try await served.close() }
        }
    }
}
