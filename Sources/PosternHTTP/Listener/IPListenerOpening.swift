import Glibc
import NIOCore

/// Opens the sockets of one IP address: as many as there are event loops, in one `SO_REUSEPORT` group.
struct IPListenerOpening {
    var spec: ListenerSpecification
    /// The interface to confine the sockets to, if the listener names one.
    var device: String?
    var count: Int
    var held: HeldSockets
    var replacing: [OpenListener]

    func open(_ wanted: SocketAddress, admits: (SocketAddress) -> Bool) throws(ListenerError) -> OpenListener {
        try check(wanted, admits)
        var notes: [String] = []
        let interface = if let device { device } else { try NetworkInterface.holding(wanted, for: spec) }
        let isReplacing = held.holds(wanted) || replacing.contains { $0.address == wanted }
        var sockets = held.take(at: wanted, device: device)
        var descriptors: [CInt] = []
        var address = wanted
        do throws(ListenerError) {
            for (index, socket) in sockets.enumerated() { try confine(taken: socket, isFirst: index == 0, &notes) }
            let taken = sockets.count
            while sockets.count < count {
                let isFirst = sockets.isEmpty
                do throws(ListenerError) {
                    let socket = try bound(
                        to: address, isFirst: isFirst, joinsEarly: !isFirst || isReplacing, notes: &notes)
                    if isFirst {
                        address = try boundAddress(of: socket, wanted: wanted)
                        try ListenerSocket.admit(address, for: spec, admits)
                    }
                    do { try socket.listen(backlog: spec.backlog) } catch { throw failure(error, address) }
                    sockets.append(socket.release())
                } catch {
                    // The user or the capability that bound the first ones may be gone: event loops share those there are.
                    guard taken > 0 else { throw error }
                    break
                }
            }
            descriptors = try ListenerSocket.duplicates(of: sockets, count: max(count, sockets.count), for: spec)
        } catch {
            for descriptor in sockets + descriptors { _ = close(descriptor) }
            throw error
        }
        return OpenListener(
            spec: spec, address: address, descriptors: descriptors, kept: sockets, localInterface: interface,
            notes: notes)
    }

    /// What can be refused before any socket exists, so that a public address is called that and not "not here".
    func check(_ address: SocketAddress, _ admits: (SocketAddress) -> Bool) throws(ListenerError) {
        try ListenerSocket.admit(address, for: spec, admits)
        guard case .v6 = address else { return }
        if case .v4 = address.unmapped {
            throw ListenerError(endpointID: spec.endpointID, .mappedAddress(address.hostText))
        }
        if address.isLinkLocalV6, address.scopeID == 0 {
            throw ListenerError(endpointID: spec.endpointID, .missingZone(address.hostText))
        }
    }

    func bound(
        to address: SocketAddress, isFirst: Bool, joinsEarly: Bool, notes: inout [String]
    ) throws(ListenerError) -> Descriptor {
        do throws(SystemCallError) {
            let socket = try Descriptor.streamSocket(family: address.protocol == .inet6 ? AF_INET6 : AF_INET)
            try socket.set(SOL_SOCKET, SO_REUSEADDR, to: 1)
            if case .v6 = address { try socket.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, to: 1) }
            // Accepted connections inherit it, which saves a call for each.
            try socket.set(CInt(IPPROTO_TCP), TCP_NODELAY, to: 1)
            try confine(socket.raw, isFirst: isFirst, &notes)
            // The first socket binds as if alone: Linux checks for other users of the port at bind, and a socket that
            // joins the group only afterwards cannot share with a process that has nothing to do with us.
            if joinsEarly { try socket.set(SOL_SOCKET, SO_REUSEPORT, to: 1) }
            let result = address.withSockAddr { bind(socket.raw, $0, socklen_t($1)) }
            guard result == 0 else { throw SystemCallError("bind") }
            if !joinsEarly { try socket.set(SOL_SOCKET, SO_REUSEPORT, to: 1) }
            return socket
        } catch {
            throw failure(error, address)
        }
    }

    /// Packets that arrive by another interface do not reach the sockets then, not even those for this address. Clients on
    /// this machine reach them by the interface's own address, which is then their source too; from another source they
    /// do not.
    private func confine(_ socket: CInt, isFirst: Bool, _ notes: inout [String]) throws(SystemCallError) {
        guard let device else { return }
        let result = device.withCString {
            setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(strlen($0)))
        }
        if result == 0 { return }
        guard errno == EPERM else { throw SystemCallError("setsockopt(SO_BINDTODEVICE)") }
        guard isFirst else { return }
        notes.append(
            "not permitted to bind sockets to the interface `\(device)` itself (grant CAP_NET_RAW); they are bound to "
                + "its address, which packets arriving by another interface may still reach")
    }

    /// Its predecessor may have lacked the right to confine it.
    private func confine(taken socket: CInt, isFirst: Bool, _ notes: inout [String]) throws(ListenerError) {
        guard Descriptor.device(of: socket) != device else { return }
        do { try confine(socket, isFirst: isFirst, &notes) } catch { throw failure(error, nil) }
    }

    private func boundAddress(
        of socket: borrowing Descriptor, wanted: SocketAddress
    ) throws(ListenerError) -> SocketAddress {
        guard let address = SocketAddress(localOf: socket.raw) else {
            throw failure(SystemCallError("getsockname"), wanted)
        }
        return address
    }

    private func failure(_ error: SystemCallError, _ address: SocketAddress?) -> ListenerError {
        let text = address?.listenerText ?? device ?? spec.endpointID
        let problem: ListenerError.Problem =
            switch (error.call, error.code) {
            case ("bind", EADDRINUSE), ("listen", EADDRINUSE): .addressInUse(text)
            case ("bind", EADDRNOTAVAIL): .addressNotHere(text)
            case ("bind", EACCES): .lowPort(text)
            default: .system(call: error.call, subject: text, code: error.code)
            }
        return ListenerError(endpointID: spec.endpointID, problem)
    }
}
