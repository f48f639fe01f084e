package import Glibc

/// The address of a Unix socket as system calls take it, made byte by byte (unix(7)).
package struct UnixSocketAddress {
    private var bytes: [UInt8]

    /// - Parameter path: a path, or `@name` for the abstract name space.
    /// - Returns: nil when it is empty or longer than the 107 bytes of an address.
    package init?(path: String) {
        let name = Array(path.utf8)
        guard let first = name.first, name.count < 108, !name.contains(0) else { return nil }
        bytes = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + name
        // A path ends with a zero; an abstract name begins with one and ends where the length says.
        if first == UInt8(ascii: "@") { bytes[2] = 0 } else { bytes.append(0) }
    }

    package func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        bytes.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count)) }
    }
}
