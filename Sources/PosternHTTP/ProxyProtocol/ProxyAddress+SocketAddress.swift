import Glibc
package import NIOCore

extension ProxyAddress {
    /// The same address for the rest of the program; `::ffff:a.b.c.d` becomes IPv4, so that no policy sees two forms of
    /// one client.
    package var socketAddress: SocketAddress {
        switch self {
        case .v4(let address, let port):
            return .packed(Self.bytes(of: address), port: Int(port))
        case .v6(let high, let low, let port):
            return SocketAddress.packed(Self.bytes(of: high) + Self.bytes(of: low), port: Int(port)).unmapped
        case .unix(let name):
            var raw = sockaddr_un()
            raw.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &raw.sun_path) { $0.copyBytes(from: name.prefix($0.count)) }
            return SocketAddress(raw)
        }
    }

    /// In network order.
    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
    }
}

extension ProxyHeaderParser {
    /// Parses what a connection has received so far; the caller moves the reader index past `consumed`.
    package static func parse(_ buffer: ByteBuffer) -> Outcome { parse(buffer.readableBytesUInt8Span) }
}
