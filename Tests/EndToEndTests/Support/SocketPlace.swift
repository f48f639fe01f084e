import Glibc

/// Where a socket is: a numeric address and a port, or a Unix socket (`@name` is abstract).
enum SocketPlace: Sendable, Hashable, CustomStringConvertible {
    case tcp(_ host: String, _ port: Int)
    case unix(_ path: String)

    var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    var port: Int {
        switch self {
        case .tcp(_, let port): port
        case .unix: 0
        }
    }

    var family: CInt {
        switch self {
        case .tcp(let host, _): host.contains(":") ? AF_INET6 : AF_INET
        case .unix: AF_UNIX
        }
    }

    func withAddress<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { fill($0) }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    private func fill(_ storage: UnsafeMutableRawBufferPointer) -> Int {
        let base = storage.baseAddress!
        switch self {
        case .tcp(let host, let port) where host.contains(":"):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(port).bigEndian
            precondition(inet_pton(AF_INET6, host, &address.sin6_addr) == 1, "`\(host)` is not an address")
            base.storeBytes(of: address, as: sockaddr_in6.self)
            return MemoryLayout<sockaddr_in6>.size
        case .tcp(let host, let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            precondition(inet_pton(AF_INET, host, &address.sin_addr) == 1, "`\(host)` is not an address")
            base.storeBytes(of: address, as: sockaddr_in.self)
            return MemoryLayout<sockaddr_in>.size
        case .unix(let path):
            base.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            let isAbstract = path.hasPrefix("@")
            let name = isAbstract ? [0] + Array(path.utf8.dropFirst()) : Array(path.utf8) + [0]
            precondition(name.count <= 108, "`\(path)` is too long for a socket")
            storage[2..<(2 + name.count)].copyBytes(from: name)
            return 2 + name.count
        }
    }
}
