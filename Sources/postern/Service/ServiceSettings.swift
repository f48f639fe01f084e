import Glibc
import NIOCore
import PosternControl
import PosternHTTP
import PosternPolicy

extension ListenerConfiguration {
    /// What is opened for this listener; two equal ones need not be opened twice.
    var specification: ListenerSpecification {
        let bind: ListenerSpecification.Bind =
            switch binding {
            case .address(let address, let port): .address(address.description, port: port)
            case .interface(let name, let family, let address, let port):
                .interface(
                    name: name, family: .init(family), address: address?.description, port: port)
            case .unix(let unix):
                .unix(.init(path: unix.path, mode: unix.mode, owner: unix.owner, group: unix.group))
            case .inherited(let name): .inherited(name: name)
            }
        return ListenerSpecification(endpointID: id, vpcID: vpc, bind: bind)
    }

    /// Whose PROXY header is believed: the listed networks, or whoever may connect to a Unix socket.
    var proxyTrust: @Sendable (SocketAddress?) -> Bool {
        guard let proxyProtocol else { return { _ in false } }
        let networks = CIDRSet(proxyProtocol.networks)
        return { peer in
            guard let text = peer?.ipAddress else { return true }
            return IPAddress(text).map(networks.contains) ?? false
        }
    }
}

extension ListenerSpecification {
    /// Of a Unix socket in the file system.
    var socketPath: String? {
        guard case .unix(let binding) = bind, !binding.isAbstract else { return nil }
        return binding.path
    }
}

extension ListenerSpecification.Family {
    init(_ family: ListenerConfiguration.AddressFamily) {
        self =
            switch family {
            case .ipv4: .ipv4
            case .ipv6: .ipv6
            case .any: .any
            }
    }
}

extension ServerSettings {
    init(_ listener: ListenerConfiguration, _ process: ProcessConfiguration) {
        self.init()
        let (limits, times) = (process.limits, process.timeouts)
        head = HeadLimits(
            headBytes: limits.requestHeadBytes, fields: limits.fields, fieldBytes: limits.fieldBytes,
            targetBytes: limits.targetBytes, underscoresInNames: listener.underscoreHeaders)
        timeouts.handshake = .milliseconds(Int64(times.handshake))
        timeouts.requestHead = .milliseconds(Int64(times.requestHead))
        timeouts.bodyGap = .milliseconds(Int64(times.bodyGap))
        timeouts.keepAlive = .milliseconds(Int64(times.keepAlive))
        timeouts.streamIdle = .milliseconds(Int64(times.streamIdle))
        timeouts.drainIdle = .milliseconds(Int64(times.drainIdle))
        bodyBytes = limits.bodyBytes
        requestsPerConnection = listener.maxRequestsPerConnection
        requiresProxyHeader = listener.proxyProtocol != nil
    }
}

extension ServerTLS {
    init(_ tls: ListenerTLS, limiter: HandshakeLimiter?) {
        let invalidation: Invalidation =
            switch tls.declared.clientCertificate.whenInvalid {
            case .atOnce: .closeAtOnce
            case .afterExchange: .closeAfterExchange
            case .never: .keep
            }
        self.init(tls.context, verifier: tls.verifier, whenInvalid: invalidation, limiter: limiter)
    }
}

/// The process's file descriptors.
enum DescriptorLimit {
    /// Raises the soft limit to the hard one, as a server that is told its bounds in its own configuration should.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Half the descriptors, since each connection may need one to an upstream; 50,000 at most.
    static var defaultConnections: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 512 }
        return Int(min(limit.rlim_cur / 2, 50_000))
    }
}

extension LoadedConfiguration {
    /// A listener's problem with the place where the listener is configured.
    func text(of error: ListenerError) -> String {
        guard let id = error.endpointID, let place = listenerPositions[id] else { return "postern: \(error)" }
        return "\(Diagnostic(at: place, "\(error)"))"
    }
}
