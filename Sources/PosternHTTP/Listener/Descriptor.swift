import Glibc

/// A file descriptor with one owner: closed when it goes out of scope unless released to another owner.
struct Descriptor: ~Copyable {
    let raw: CInt

    init(owning raw: CInt) { self.raw = raw }

    deinit { _ = close(raw) }

    /// Gives the descriptor away without closing it.
    consuming func release() -> CInt {
        let raw = raw
        discard self
        return raw
    }
}

/// A system call that failed, before it is known what an administrator should hear about it.
struct SystemCallError: Error {
    var call: String
    var code: CInt

    init(_ call: String) {
        self.call = call
        self.code = errno
    }
}

extension Descriptor {
    /// A non-blocking stream socket that children do not inherit.
    static func streamSocket(family: CInt) throws(SystemCallError) -> Descriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let raw = socket(family, type, 0)
        guard raw >= 0 else { throw SystemCallError("socket") }
        return Descriptor(owning: raw)
    }

    /// A second descriptor of the same open socket, so that each event loop polls one of its own.
    static func duplicate(of raw: CInt) throws(SystemCallError) -> Descriptor {
        let copy = fcntl(raw, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw SystemCallError("dup") }
        return Descriptor(owning: copy)
    }

    borrowing func set(_ level: CInt, _ option: CInt, to value: CInt) throws(SystemCallError) {
        var value = value
        guard setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<CInt>.size)) == 0 else {
            throw SystemCallError("setsockopt")
        }
    }

    /// An integer socket option, or nil where the descriptor has none such (it is not a socket).
    static func option(_ level: CInt, _ option: CInt, of raw: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(raw, level, option, &value, &size) == 0 ? value : nil
    }

    /// The interface that a socket is confined to (`SO_BINDTODEVICE`, socket(7)), or nil.
    static func device(of raw: CInt) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
            var size = socklen_t(name.count)
            guard getsockopt(raw, SOL_SOCKET, SO_BINDTODEVICE, name.baseAddress!, &size) == 0, size > 1 else {
                return nil
            }
            return String(cString: name.baseAddress!)
        }
    }

    borrowing func listen(backlog: Int32) throws(SystemCallError) {
        guard Glibc.listen(raw, backlog) == 0 else { throw SystemCallError("listen") }
    }
}
