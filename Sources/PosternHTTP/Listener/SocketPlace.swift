import Glibc

/// The place in the file system where a Unix socket is to appear, and what is there now.
struct SocketPlace {
    var path: String
    var directory: String
    private var name: Substring

    init(path: String) {
        self.path = path
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        directory = slash == path.startIndex ? "/" : String(path[..<slash])
        name = path[slash...].dropFirst()
    }

    var directoryExists: Bool {
        var status = stat()
        return stat(directory, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Bytes that the shortest temporary name adds to the directory: `/.` and six letters.
    static let shortestTemporary = 8

    /// A free name beside the path, hidden and telling whose it is (`.mesh.sock.k3v9qa`): it stays visible in `ss -lx`.
    func temporaryPath(limit: Int) -> String? {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        let tail = String((0..<6).map { _ in letters.randomElement()! })
        let start = directory == "/" ? "/." : directory + "/."
        let room = limit - start.utf8.count - tail.utf8.count
        guard room >= 0 else { return nil }
        // A name that does not fit is left out whole, so that no character is cut in two.
        return name.utf8.count + 1 <= room ? "\(start)\(name).\(tail)" : start + tail
    }

    enum Occupant {
        case nothing
        case notASocket
        /// Somebody accepts connections there.
        case live
        /// A socket file whose process is gone.
        case stale(FileIdentity)
        /// We could not find out; the error number says why.
        case uncertain(CInt)
    }

    /// Looks, and asks a socket found there whether anyone serves it by connecting to it.
    func occupant() -> Occupant {
        var status = stat()
        guard lstat(path, &status) == 0, let identity = FileIdentity(path: path) else {
            return errno == ENOENT ? .nothing : .uncertain(errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return .notASocket }
        guard let probe = try? Descriptor.streamSocket(family: AF_UNIX) else { return .uncertain(errno) }
        var address = Self.address(path)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe.raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result == 0 { return .live }
        return switch errno {
        case ECONNREFUSED: .stale(identity)
        // A full queue and a socket of another type are somebody's as well.
        case EAGAIN, EINPROGRESS, EPROTOTYPE: .live
        case ENOENT: .nothing
        default: .uncertain(errno)
        }
    }

    /// The C address of a path, or of `@name` in the abstract namespace. At most 107 bytes, checked by the caller.
    static func address(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        precondition(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path), "socket path too long")
        withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            buffer.copyBytes(from: path.utf8)
            if buffer[0] == UInt8(ascii: "@") { buffer[0] = 0 }
        }
        return address
    }
}

/// Keeps two starting processes from taking the same path from each other. Only processes that take it are kept apart;
/// the kernel drops it with the descriptor, so a crash leaves nothing behind.
///
/// Everybody who may read a directory may lock it (flock(2)), and so must not be able to keep the gateway from opening its
/// sockets: whoever holds the lock for longer than a start takes is not starting, and is not waited for.
struct DirectoryLock: ~Copyable {
    private let descriptor: Descriptor

    private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Waits up to a second, and does without the lock then.
    static func take(_ directory: String) throws(SystemCallError) -> DirectoryLock {
        let raw = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw SystemCallError("open") }
        let descriptor = Descriptor(owning: raw)
        for _ in 0..<100 {
            if flock(raw, LOCK_EX | LOCK_NB) == 0 { return DirectoryLock(descriptor) }
            guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemCallError("locking the directory") }
            usleep(10_000)
        }
        return DirectoryLock(descriptor)
    }

    borrowing func release() { _ = flock(descriptor.raw, LOCK_UN) }
}
