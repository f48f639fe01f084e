import Glibc
import NIOCore

/// The listening sockets that the service manager opened and passed to this process (systemd's sd_listen_fds(3)):
/// `LISTEN_PID` is us, `LISTEN_FDS` descriptors follow from number 3, `LISTEN_FDNAMES` names them.
///
/// They stay open as long as the process lives, so that a listener which a reload removes can come back with another.
package struct InheritedSockets: Sendable {
    package struct Socket: Sendable, Hashable {
        package var name: String
        package var descriptor: CInt

        package init(name: String, descriptor: CInt) {
            self.name = name
            self.descriptor = descriptor
        }
    }

    package private(set) var sockets: [Socket]

    /// Nothing was passed.
    package static let none = InheritedSockets()

    private init() { sockets = [] }

    /// The most descriptors we believe in.
    private static let limit = 1024

    /// Reads the protocol's variables and keeps the sockets from being passed on to children.
    ///
    /// Variables meant for another process (`LISTEN_PID`) mean that nothing was passed. Throws when they contradict
    /// themselves or name descriptors that are not open.
    package init(
        environment: [String: String], processID: Int32 = getpid(), firstDescriptor: CInt = 3
    ) throws(ListenerError) {
        self.init()
        guard environment["LISTEN_PID"] == String(processID), let text = environment["LISTEN_FDS"] else { return }
        guard let count = Int(text), (0...Self.limit).contains(count) else {
            throw ListenerError(
                endpointID: nil, .inheritedEnvironment("`LISTEN_FDS` is `\(text)`; expected 0 to \(Self.limit)"))
        }
        // Without names every descriptor is called "unknown", as sd_listen_fds_with_names has it.
        let names =
            environment["LISTEN_FDNAMES"].map {
                $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            }
            ?? Array(repeating: "unknown", count: count)
        guard names.count == count || count == 0 else {
            throw ListenerError(
                endpointID: nil,
                .inheritedEnvironment("`LISTEN_FDNAMES` has \(names.count) names for \(count) descriptors"))
        }
        for index in 0..<count {
            let descriptor = firstDescriptor + CInt(index)
            let flags = fcntl(descriptor, F_GETFD)
            guard flags >= 0, fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) == 0 else {
                throw ListenerError(
                    endpointID: nil,
                    .system(call: "fcntl", subject: "descriptor \(descriptor) (`\(names[index])`)", code: errno))
            }
            sockets.append(Socket(name: names[index], descriptor: descriptor))
        }
    }

    /// Takes what was passed to this process and removes the variables, so that children do not claim it. Call it once,
    /// before other threads run: the environment of a C program has no lock.
    package static func takeFromProcess() throws(ListenerError) -> InheritedSockets {
        let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"]
        var environment: [String: String] = [:]
        for name in variables {
            if let value = getenv(name) { environment[name] = String(cString: value) }
            unsetenv(name)
        }
        return try InheritedSockets(environment: environment)
    }

    /// Passed by the process whose place this one takes.
    package init(_ sockets: [Socket]) { self.sockets = sockets }

    /// Takes out the sockets that the service manager has only kept for us, by the form of their names.
    package mutating func takeHeld() -> HeldSockets {
        var held: [HeldSockets.Socket] = []
        sockets.removeAll { socket in
            guard let place = HeldPlace(name: socket.name) else { return false }
            held.append(HeldSockets.Socket(place: place, descriptor: socket.descriptor))
            return true
        }
        return HeldSockets(held)
    }

    /// The names there are, each once, in the order passed.
    package var names: [String] {
        var seen: Set<String> = []
        return sockets.map(\.name).filter { seen.insert($0).inserted }
    }

    /// The names that none of these listeners asks for: passed by mistake, or a listener was forgotten. Their clients
    /// connect and wait for ever.
    package func unused(by specifications: [ListenerSpecification]) -> [String] {
        let wanted = Set(
            specifications.compactMap { spec in
                if case .inherited(let name) = spec.bind { name } else { nil }
            })
        return names.filter { !wanted.contains($0) }
    }
}

extension InheritedSockets {
    /// Listens on every socket of a name, after looking at what each really is.
    func open(
        name: String, for spec: ListenerSpecification, count: Int, admits: (SocketAddress) -> Bool
    ) throws(ListenerError) -> [OpenListener] {
        let chosen = sockets.filter { $0.name == name }
        guard !chosen.isEmpty else {
            throw ListenerError(endpointID: spec.endpointID, .noInheritedSocket(name, known: names))
        }
        var opened: [OpenListener] = []
        for socket in chosen {
            let address = try Self.inspect(socket, for: spec)
            if case .unixDomainSocket = address {} else { try ListenerSocket.admit(address, for: spec, admits) }
            let flags = fcntl(socket.descriptor, F_GETFL)
            guard flags >= 0, fcntl(socket.descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
                throw ListenerError(endpointID: spec.endpointID, .system(call: "fcntl", subject: name, code: errno))
            }
            let interface = try Self.interface(socket, address, for: spec)
            let kept = try ListenerSocket.duplicates(of: [socket.descriptor], count: 1, for: spec)
            let descriptors = try ListenerSocket.duplicates(of: kept, count: count, for: spec)
            opened.append(
                OpenListener(
                    spec: spec, address: address, descriptors: descriptors, kept: kept, localInterface: interface))
        }
        return opened
    }

    /// The interface that the service manager confined the socket to (`BindToDevice=`), else the one with its address.
    private static func interface(
        _ socket: Socket, _ address: SocketAddress, for spec: ListenerSpecification
    ) throws(ListenerError) -> String? {
        if case .unixDomainSocket = address { return nil }
        if let device = Descriptor.device(of: socket.descriptor) { return device }
        return try NetworkInterface.holding(address, for: spec)
    }

    private static func inspect(
        _ socket: Socket, for spec: ListenerSpecification
    ) throws(ListenerError) -> SocketAddress {
        func unusable(_ why: String) -> ListenerError {
            ListenerError(endpointID: spec.endpointID, .inheritedUnusable(socket.name, why: why))
        }
        guard let type = Descriptor.option(SOL_SOCKET, SO_TYPE, of: socket.descriptor) else {
            throw unusable("is not a socket")
        }
        guard type == CInt(SOCK_STREAM.rawValue) else {
            throw unusable("is not a stream socket; use `ListenStream=` in its unit")
        }
        guard Descriptor.option(SOL_SOCKET, SO_ACCEPTCONN, of: socket.descriptor) == 1 else {
            throw unusable("does not listen; its unit needs `Accept=no`")
        }
        guard let address = SocketAddress(localOf: socket.descriptor) else {
            throw unusable("is neither an IP nor a Unix socket")
        }
        return address
    }
}

extension ListenerSocket {
    /// Further descriptors of open sockets, which take turns: one for each event loop; all or none.
    static func duplicates(
        of sockets: [CInt], count: Int, for spec: ListenerSpecification
    ) throws(ListenerError) -> [CInt] {
        if sockets.isEmpty { return [] }
        var list: [CInt] = []
        do throws(SystemCallError) {
            for index in 0..<count {
                list.append(try Descriptor.duplicate(of: sockets[index % sockets.count]).release())
            }
        } catch {
            for descriptor in list { _ = close(descriptor) }
            throw ListenerError(
                endpointID: spec.endpointID, .system(call: error.call, subject: spec.endpointID, code: error.code))
        }
        return list
    }
}
