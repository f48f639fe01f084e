package import NIOCore

/// Opens what a listener's specification asks for, or says why not. Runs once at start and at a reload, never on an
/// event loop: it may ask the user database and waits up to a second for a directory's lock.
package enum ListenerSocket {
    /// Binds and listens on every address the specification stands for: all of them or none.
    ///
    /// - Parameters:
    ///   - count: sockets for each address, one for each event loop.
    ///   - inherited: the sockets the service manager passed.
    ///   - held: the sockets that the process before this one left open, which are taken over.
    ///   - replacing: open listeners of this process that will be closed when the new ones serve; their addresses and
    ///     socket paths may be taken over without a gap. Anything else that is in use is refused, although
    ///     `SO_REUSEPORT` would let a second process of the same user share a port silently.
    ///   - admits: whether an address is internal; asked for the bound IP addresses, inherited sockets included.
    ///     IPv4-mapped addresses come as IPv4. Wildcards are refused before it is asked.
    package static func open(
        _ spec: ListenerSpecification,
        count: Int,
        inherited: InheritedSockets = .none,
        held: HeldSockets = .none,
        replacing: [OpenListener] = [],
        admits: (SocketAddress) -> Bool
    ) throws(ListenerError) -> [OpenListener] {
        precondition(count > 0, "a listener needs a socket")
        switch spec.bind {
        case .address(let host, let port):
            let address = try parse(host: host, port: port, for: spec)
            let opening = IPListenerOpening(spec: spec, device: nil, count: count, held: held, replacing: replacing)
            return [try opening.open(address, admits: admits)]
        case .interface(let name, let family, let address, let port):
            return try openInterface(
                IPListenerOpening(spec: spec, device: name, count: count, held: held, replacing: replacing),
                family: family, only: address, port: port, admits: admits)
        case .unix(let binding):
            let opening = UnixListenerOpening(
                spec: spec, binding: binding, count: count, held: held, replacing: replacing)
            return [try opening.open()]
        case .inherited(let name):
            return try inherited.open(name: name, for: spec, count: count, admits: admits)
        }
    }

    /// A literal address. Names are refused: what a name resolves to is somebody else's decision.
    static func parse(host: String, port: Int, for spec: ListenerSpecification) throws(ListenerError) -> SocketAddress {
        guard (0...65535).contains(port) else { throw ListenerError(endpointID: spec.endpointID, .badPort(port)) }
        guard !host.utf8.contains(0), let address = try? SocketAddress(ipAddress: host, port: port) else {
            throw ListenerError(endpointID: spec.endpointID, .notAnAddress(host))
        }
        return address
    }

    /// The rules that no configuration can lift, then the operator's ranges.
    static func admit(
        _ address: SocketAddress, for spec: ListenerSpecification, _ admits: (SocketAddress) -> Bool
    ) throws(ListenerError) {
        if address.isWildcard { throw ListenerError(endpointID: spec.endpointID, .wildcard(address.listenerText)) }
        guard admits(address.unmapped) else {
            throw ListenerError(endpointID: spec.endpointID, .notInternal(address.listenerText))
        }
    }

    private static func openInterface(
        _ opening: IPListenerOpening, family: ListenerSpecification.Family, only: String?, port: Int,
        admits: (SocketAddress) -> Bool
    ) throws(ListenerError) -> [OpenListener] {
        let spec = opening.spec
        let interface = try NetworkInterface(named: opening.device ?? "", for: spec)
        var addresses =
            if let only { [try interface.address(only, port: port, for: spec)] } else {
                try interface.addresses(family, port: port, for: spec)
            }
        var opened: [OpenListener] = []
        for index in addresses.indices {
            let listener = try opening.open(addresses[index], admits: admits)
            opened.append(listener)
            // Port 0 on an interface means one free port, the same on all its addresses.
            if port == 0, index == 0 {
                for later in addresses.indices { addresses[later].port = listener.address.port }
            }
        }
        return opened
    }
}
