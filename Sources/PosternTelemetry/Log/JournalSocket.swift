import Glibc
import PosternHost

/// The writer thread's connection to journald: one datagram for each entry (systemd.io/JOURNAL_NATIVE_PROTOCOL).
///
/// Connected, because only then does `poll` tell when journald has taken something off its queue. A journald that was
/// stopped and started is another socket of the same name: a refused datagram connects anew.
struct JournalSocket {
    static let path = "/run/systemd/journal/socket"

    private let path: String
    /// Bytes; what a datagram may hold, as far as the system's `net.core.wmem_max` goes. Larger entries go by memfd.
    private let sendBuffer: Int32
    /// -1 while there is none.
    private(set) var descriptor: Int32 = -1

    init(path: String, sendBuffer: Int32 = 8 << 20) {
        self.path = path
        self.sendBuffer = sendBuffer
    }

    /// Connects, whatever was before; 0 or `errno`.
    mutating func connect() -> Int32 {
        close()
        guard let address = UnixSocketAddress(path: path) else { return ENAMETOOLONG }
        let made = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0 else { return errno }
        var size = sendBuffer
        setsockopt(made, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        guard address.withPointer({ Glibc.connect(made, $0, $1) }) == 0 else {
            let code = errno
            _ = Glibc.close(made)
            return code
        }
        descriptor = made
        return 0
    }

    mutating func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Sends one entry without waiting; 0 or `errno`. What is wrong with the connection is cured once.
    mutating func send(_ entry: UnsafeRawBufferPointer) -> Int32 {
        if descriptor < 0 {
            let code = connect()
            if code != 0 { return code }
        }
        var code = attempt(entry)
        switch code {
        case ECONNREFUSED, ECONNRESET, ENOTCONN, EPIPE, ENOENT:
            code = connect()
            return code == 0 ? attempt(entry) : code
        default: return code
        }
    }

    private func attempt(_ entry: UnsafeRawBufferPointer) -> Int32 {
        let count = Glibc.send(descriptor, entry.baseAddress, entry.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        if count >= 0 { return 0 }
        // ENOBUFS: larger than what is left of the buffers of the system.
        return errno == EMSGSIZE || errno == ENOBUFS ? sendAsFile(entry) : errno
    }

    /// The way for an entry that no datagram holds: a sealed memfd, passed with an empty datagram.
    private func sendAsFile(_ entry: UnsafeRawBufferPointer) -> Int32 {
        let file = SealedMemory.make(entry)
        guard file >= 0 else { return errno }
        defer { _ = Glibc.close(file) }
        // CMSG_SPACE and CMSG_LEN of one descriptor (cmsg(3)): a header of 16 bytes, the number, padding to 8.
        var control: [UInt64] = [0, 0, 0]
        return control.withUnsafeMutableBytes { control in
            control.storeBytes(of: 20, as: Int.self)
            control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
            control.storeBytes(of: Int32(SCM_RIGHTS), toByteOffset: 12, as: Int32.self)
            control.storeBytes(of: file, toByteOffset: 16, as: Int32.self)
            var message = msghdr()
            message.msg_control = control.baseAddress
            message.msg_controllen = control.count
            return sendmsg(descriptor, &message, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0 ? 0 : errno
        }
    }
}

/// Anonymous memory that nobody can change any more (memfd_create(2)), as journald wants it.
private enum SealedMemory {
    private typealias Create = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
    private static let closeOnExec: UInt32 = 1
    private static let allowSealing: UInt32 = 2
    /// F_ADD_SEALS
    private static let addSeals: Int32 = 1033
    /// F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE
    private static let allSeals: Int32 = 15

    /// A descriptor of the caller's, or -1 with `errno`.
    static func make(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        // In the C library since glibc 2.27; its header shows it to GNU programs only.
        guard let symbol = dlsym(nil, "memfd_create") else {
            errno = ENOSYS
            return -1
        }
        let file = unsafeBitCast(symbol, to: Create.self)("postern-journal-entry", closeOnExec | allowSealing)
        guard file >= 0 else { return -1 }
        var written = 0
        while written < bytes.count {
            let count = write(file, bytes.baseAddress! + written, bytes.count - written)
            guard count > 0 else { return fail(file) }
            written += count
        }
        return fcntl(file, addSeals, allSeals) == 0 ? file : fail(file)
    }

    private static func fail(_ file: Int32) -> Int32 {
        let code = errno
        _ = close(file)
        errno = code
        return -1
    }
}
