import Glibc
import NIOCore

/// Opens a Unix stream socket so that it never exists with wrong permissions: it is bound under another name in the
/// same directory, given its owner, group and mode, made to listen, and only then renamed to its path.
struct UnixListenerOpening {
    var spec: ListenerSpecification
    var binding: ListenerSpecification.UnixBinding
    var count: Int
    var held: HeldSockets
    var replacing: [OpenListener]

    /// What `sun_path` holds beside its closing zero (unix(7)).
    static let pathLimit = 107

    func open() throws(ListenerError) -> OpenListener {
        try checkText()
        return binding.isAbstract ? try openAbstract() : try openPath()
    }

    private func checkText() throws(ListenerError) {
        let path = binding.path.utf8
        let isPath = path.first == UInt8(ascii: "/") && path.last != UInt8(ascii: "/")
        guard path.count > 1, isPath || binding.isAbstract, !path.contains(0) else {
            throw refusal(.badSocketPath(binding.path))
        }
        guard path.count <= Self.pathLimit else {
            throw refusal(.socketPathTooLong(binding.path, limit: Self.pathLimit))
        }
        guard binding.mode <= 0o777 else { throw refusal(.badMode(binding.mode)) }
    }

    private func openAbstract() throws(ListenerError) -> OpenListener {
        let note = "abstract sockets have no permissions: every process in this network namespace may connect"
        if let taken = held.takeAbstract(String(binding.path.dropFirst())) {
            return try listener(of: Descriptor(owning: taken), file: nil, notes: [note])
        }
        let socket = try attempt { () throws(SystemCallError) in try Descriptor.streamSocket(family: AF_UNIX) }
        try attempt { () throws(SystemCallError) in
            try bind(socket, to: binding.path)
            try socket.listen(backlog: spec.backlog)
        }
        return try listener(of: socket, file: nil, notes: [note])
    }

    private func openPath() throws(ListenerError) -> OpenListener {
        let ownership = try FileOwnership(owner: binding.owner, group: binding.group, for: spec)
        let place = SocketPlace(path: binding.path)
        guard place.directoryExists else { throw refusal(.noDirectory(place.directory)) }
        guard let temporary = place.temporaryPath(limit: Self.pathLimit) else {
            throw refusal(.socketPathTooLong(binding.path, limit: Self.pathLimit - SocketPlace.shortestTemporary))
        }
        let lock = try attempt { () throws(SystemCallError) in try DirectoryLock.take(place.directory) }
        defer { lock.release() }
        if let (socket, file) = takenOver(ownership) {
            return try listener(of: Descriptor(owning: socket), file: file, ownsFile: false, notes: [])
        }
        try clearPlace(place)

        let socket = try attempt { () throws(SystemCallError) in try Descriptor.streamSocket(family: AF_UNIX) }
        let identity = try attempt { () throws(SystemCallError) in
            try appear(socket, at: temporary, then: binding.path, ownership)
        }
        return try listener(of: socket, file: SocketFile(path: binding.path, identity: identity), notes: [])
    }

    /// The held socket whose file is still at the path and has the mode and the owner that are asked for.
    private func takenOver(_ ownership: FileOwnership) -> (CInt, SocketFile)? {
        var status = stat()
        guard lstat(binding.path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK,
            status.st_mode & 0o7777 == binding.mode,
            ownership.user == .max || ownership.user == status.st_uid,
            ownership.group == .max || ownership.group == status.st_gid
        else { return nil }
        let identity = FileIdentity(status)
        guard let socket = held.takeSocket(at: binding.path, identity) else { return nil }
        return (socket, SocketFile(path: binding.path, identity: identity))
    }

    /// Removes a stale socket; leaves one that a listener being replaced holds, which the rename takes over.
    private func clearPlace(_ place: SocketPlace) throws(ListenerError) {
        switch place.occupant() {
        case .nothing: return
        case .notASocket: throw refusal(.notASocket(binding.path))
        case .uncertain(let code):
            throw refusal(.system(call: "connecting to the existing socket", subject: binding.path, code: code))
        case .live(let identity):
            let isOurs =
                held.owns(path: binding.path, identity)
                || replacing.contains { $0.owns(path: binding.path, identity) }
            guard isOurs else {
                throw refusal(.servedByAnotherProcess(binding.path))
            }
        case .stale(let identity):
            SocketFile(path: binding.path, identity: identity).removeIfOurs()
        }
    }

    private func appear(
        _ socket: borrowing Descriptor, at temporary: String, then path: String, _ ownership: FileOwnership
    ) throws(SystemCallError) -> FileIdentity {
        // The mode of the socket itself bounds that of the file which bind makes; the umask can only take more away.
        guard fchmod(socket.raw, mode_t(binding.mode)) == 0 else { throw SystemCallError("fchmod") }
        try bind(socket, to: temporary)
        do throws(SystemCallError) {
            if !ownership.isOwn, lchown(temporary, ownership.user, ownership.group) != 0 {
                throw SystemCallError("chown")
            }
            guard chmod(temporary, mode_t(binding.mode)) == 0 else { throw SystemCallError("chmod") }
            try socket.listen(backlog: spec.backlog)
            guard let identity = FileIdentity(path: temporary) else { throw SystemCallError("lstat") }
            guard rename(temporary, path) == 0 else { throw SystemCallError("rename") }
            return identity
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private func bind(_ socket: borrowing Descriptor, to path: String) throws(SystemCallError) {
        let address = SocketPlace.address(path)
        // An abstract name is as long as it is said to be; a path ends with a zero.
        let nameLength = path.utf8.count + (binding.isAbstract ? 0 : 1)
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + nameLength
        let result = SocketAddress(address).withSockAddr { pointer, _ in
            Glibc.bind(socket.raw, pointer, socklen_t(length))
        }
        guard result == 0 else { throw SystemCallError("bind") }
    }

    private func listener(
        of socket: consuming Descriptor, file: SocketFile?, ownsFile: Bool = true, notes: [String]
    ) throws(ListenerError) -> OpenListener {
        let descriptors = try ListenerSocket.duplicates(of: [socket.raw], count: count, for: spec)
        let address = SocketAddress(SocketPlace.address(binding.path))
        return OpenListener(
            spec: spec, address: address, descriptors: descriptors, kept: [socket.release()], localInterface: nil,
            file: file, ownsFile: ownsFile, notes: notes)
    }

    private func attempt<Result: ~Copyable>(
        _ body: () throws(SystemCallError) -> Result
    ) throws(ListenerError) -> Result {
        do { return try body() } catch {
            if error.call == "bind", error.code == EADDRINUSE { throw refusal(.servedByAnotherProcess(binding.path)) }
            throw refusal(.system(call: error.call, subject: binding.path, code: error.code))
        }
    }

    private func refusal(_ problem: ListenerError.Problem) -> ListenerError {
        ListenerError(endpointID: spec.endpointID, problem)
    }
}
