import Glibc
import NIOCore
import PosternHTTP

/// What the listener tests share: clients, descriptors, a directory of their own.
enum Client {
    /// Connects and returns the descriptor, or the error number as a failure.
    static func connect(_ address: SocketAddress) -> Result<CInt, SocketFailure> {
        let descriptor = socket(Int32(address.protocol.rawValue), Int32(SOCK_STREAM.rawValue), 0)
        let result = address.withSockAddr { pointer, size in Glibc.connect(descriptor, pointer, length(address, size)) }
        guard result == 0 else {
            let failure = SocketFailure(code: errno)
            close(descriptor)
            return .failure(failure)
        }
        return .success(descriptor)
    }

    /// An abstract name is as long as it is said to be.
    private static func length(_ address: SocketAddress, _ size: Int) -> socklen_t {
        let text = address.listenerText
        return socklen_t(text.hasPrefix("@") ? 2 + text.utf8.count : size)
    }

    static func isAccepted(_ address: SocketAddress) -> Bool {
        guard case .success(let descriptor) = connect(address) else { return false }
        close(descriptor)
        return true
    }
}

struct SocketFailure: Error, Equatable {
    var code: CInt
}

/// A socket outside the listener's doing: what other processes or the service manager would have.
final class ForeignSocket: Sendable {
    let descriptor: CInt

    init(_ address: SocketAddress, type: __socket_type = SOCK_STREAM, listens: Bool = true) {
        descriptor = socket(Int32(address.protocol.rawValue), Int32(type.rawValue), 0)
        var one: CInt = 1
        if case .unixDomainSocket = address {
        } else {
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, socklen_t(MemoryLayout<CInt>.size))
        }
        precondition(address.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0, "bind: \(errno)")
        if listens { precondition(listen(descriptor, 8) == 0) }
    }

    deinit { close(descriptor) }

    var port: Int {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &storage) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return withUnsafeBytes(of: &storage) { Int($0[2]) << 8 | Int($0[3]) }
    }
}

/// A directory of its own for one test, removed with everything in it.
final class ScratchDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/postern-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }

    deinit {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }

    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func status(_ name: String) -> stat? {
        var status = stat()
        return lstat(path + "/" + name, &status) == 0 ? status : nil
    }

    func write(_ name: String) {
        let descriptor = creat(path + "/" + name, 0o600)
        close(descriptor)
    }
}

func socketOption(_ descriptor: CInt, _ level: CInt, _ option: CInt) -> CInt {
    var value: CInt = -1
    var size = socklen_t(MemoryLayout<CInt>.size)
    getsockopt(descriptor, level, option, &value, &size)
    return value
}

/// The interface a socket is confined to; empty for none.
func boundDevice(of descriptor: CInt) -> String {
    withUnsafeTemporaryAllocation(byteCount: Int(IF_NAMESIZE), alignment: 1) { name in
        var size = socklen_t(name.count)
        getsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name.baseAddress!, &size)
        return String(decoding: name.prefix(Int(size)).prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension ListenerSpecification {
    static func test(_ bind: Bind) -> ListenerSpecification {
        ListenerSpecification(endpointID: "vpce-test", bind: bind)
    }
}

/// The problem that opening ends with, or nil.
func problem(
    _ bind: ListenerSpecification.Bind, inherited: InheritedSockets = .none, replacing: [OpenListener] = [],
    admits: (SocketAddress) -> Bool = { _ in true }
) -> ListenerError.Problem? {
    do {
        _ = try ListenerSocket.open(.test(bind), count: 1, inherited: inherited, replacing: replacing, admits: admits)
        return nil
    } catch {
        return error.problem
    }
}
