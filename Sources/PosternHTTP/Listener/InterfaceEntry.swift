import Glibc
import NIOCore

/// One line of what getifaddrs(3) tells: an interface, and one of its addresses where the line has one that we serve.
struct InterfaceEntry {
    var interface: String
    var address: SocketAddress?
    var mask: SocketAddress?
    var isLoopback: Bool

    /// - Parameter subject: what is being asked for, in the error's words.
    static func all(for spec: ListenerSpecification, subject: String) throws(ListenerError) -> [InterfaceEntry] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else {
            throw ListenerError(
                endpointID: spec.endpointID, .system(call: "getifaddrs", subject: subject, code: errno))
        }
        defer { freeifaddrs(list) }
        var entries: [InterfaceEntry] = []
        for entry in sequence(first: list, next: { $0?.pointee.ifa_next }) {
            guard let entry = entry?.pointee else { break }
            // An address may carry a label behind its interface's name, `eth1:web`; a name has no colon.
            let name = String(cString: entry.ifa_name).prefix { $0 != ":" }
            entries.append(
                InterfaceEntry(
                    interface: String(name), address: entry.ifa_addr.flatMap { SocketAddress(copying: $0) },
                    mask: entry.ifa_netmask.flatMap { SocketAddress(copying: $0) },
                    isLoopback: entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0))
        }
        return entries
    }

    func has(_ wanted: SocketAddress) -> Bool {
        guard let address, let text = wanted.ipAddress, address.ipAddress == text else { return false }
        // Each interface may have the same link-local address.
        return !wanted.isLinkLocalV6 || address.scopeID == wanted.scopeID
    }

    /// Whether an IPv4 address lies in the network of this one; the kernel takes no whole IPv6 network for its own.
    func coversNetwork(of wanted: SocketAddress) -> Bool {
        guard case .v4 = wanted, case .v4? = address, let own = address?.ipBytes, let mask = mask?.ipBytes else {
            return false
        }
        return wanted.ipBytes.indices.allSatisfy { (wanted.ipBytes[$0] ^ own[$0]) & mask[$0] == 0 }
    }
}
