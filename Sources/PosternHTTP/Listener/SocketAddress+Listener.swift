import Glibc
package import NIOCore

extension SocketAddress {
    /// The address a socket is bound to, as the kernel tells it; nil for a family we do not serve.
    init?(localOf descriptor: CInt) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard result == 0 else { return nil }
        let address = withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress(copying: $0) }
        }
        guard let address else { return nil }
        self = address
    }

    /// Copies a C socket address of a family that we serve. The memory behind the pointer must be as long as its
    /// family's structure.
    init?(copying pointer: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(pointer)
        switch CInt(raw.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET: self = .init(raw.loadUnaligned(as: sockaddr_in.self), host: "")
        case AF_INET6: self = .init(raw.loadUnaligned(as: sockaddr_in6.self), host: "")
        case AF_UNIX: self = .init(raw.loadUnaligned(as: sockaddr_un.self))
        default: return nil
        }
    }

    /// The bytes of the IP address alone, in network order; empty for Unix sockets.
    ///
    /// Read from the C structure by offset (ip(7), ipv6(7)): its fields belong to a module of the transport's own.
    var ipBytes: [UInt8] {
        switch self {
        case .v4: withSockAddr { pointer, _ in Array(UnsafeRawBufferPointer(start: pointer, count: 8)[4...]) }
        case .v6: withSockAddr { pointer, _ in Array(UnsafeRawBufferPointer(start: pointer, count: 24)[8...]) }
        case .unixDomainSocket: []
        }
    }

    /// The interface index that a link-local IPv6 address belongs to; 0 for none.
    var scopeID: UInt32 {
        guard case .v6 = self else { return 0 }
        return withSockAddr { pointer, _ in UnsafeRawPointer(pointer).loadUnaligned(fromByteOffset: 24, as: UInt32.self)
        }
    }

    /// True for `0.0.0.0`, `::` and `::ffff:0.0.0.0`.
    package var isWildcard: Bool {
        if case .unixDomainSocket = self { return false }
        return unmapped.ipBytes.allSatisfy { $0 == 0 }
    }

    /// The IPv4 address inside `::ffff:a.b.c.d`, else the address itself: a socket must not pass a check in a costume.
    package var unmapped: SocketAddress {
        guard case .v6 = self else { return self }
        let bytes = ipBytes
        guard bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff else { return self }
        return Self.packed(bytes[12...], port: port ?? 0)
    }

    /// An address from its four or sixteen bytes in network order.
    static func packed(_ bytes: some Sequence<UInt8>, port: Int) -> SocketAddress {
        do { return try SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: port) } catch {
            preconditionFailure("an IP address has 4 or 16 bytes")
        }
    }

    var isLinkLocalV6: Bool {
        guard case .v6 = self else { return false }
        let bytes = ipBytes
        return bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
    }

    /// As administrators write it: `10.0.0.1:8080`, `[fe80::1%eth1]:8080`, `/run/a.sock`, `@name`.
    package var listenerText: String {
        switch self {
        case .v4: "\(hostText):\(port ?? 0)"
        case .v6: "[\(hostText)]:\(port ?? 0)"
        case .unixDomainSocket: hostText
        }
    }

    /// The same without the port.
    var hostText: String {
        switch self {
        case .v4: ipAddress ?? "?"
        case .v6: (ipAddress ?? "?") + Self.zoneText(scopeID)
        case .unixDomainSocket(let address): Self.pathText(address.address)
        }
    }

    private static func zoneText(_ scope: UInt32) -> String {
        guard scope != 0 else { return "" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
            if_indextoname(scope, name.baseAddress!).map { "%" + String(cString: $0) } ?? "%\(scope)"
        }
    }

    private static func pathText(_ address: sockaddr_un) -> String {
        withUnsafeBytes(of: address.sun_path) { path in
            guard path[0] == 0 else { return String(decoding: path.prefix { $0 != 0 }, as: UTF8.self) }
            guard let last = path.lastIndex(where: { $0 != 0 }) else { return "unnamed Unix socket" }
            return "@" + String(decoding: path[1...last], as: UTF8.self)
        }
    }
}
