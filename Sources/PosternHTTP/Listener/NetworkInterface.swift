import Glibc
import NIOCore

/// A network interface and the IP addresses it has at this moment.
struct NetworkInterface {
    var name: String
    var addresses: [SocketAddress]

    init(named name: String, for spec: ListenerSpecification) throws(ListenerError) {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else {
            throw ListenerError(endpointID: spec.endpointID, .system(call: "getifaddrs", subject: name, code: errno))
        }
        defer { freeifaddrs(list) }
        var known: [String] = []
        var addresses: [SocketAddress] = []
        for entry in sequence(first: list, next: { $0?.pointee.ifa_next }) {
            guard let entry = entry?.pointee else { break }
            let entryName = String(cString: entry.ifa_name)
            if !known.contains(entryName) { known.append(entryName) }
            guard entryName == name, let raw = entry.ifa_addr, let address = SocketAddress(copying: raw) else {
                continue
            }
            addresses.append(address)
        }
        guard known.contains(name) else {
            throw ListenerError(endpointID: spec.endpointID, .noInterface(name, known: known))
        }
        self.name = name
        self.addresses = addresses
    }

    /// Its addresses of a family with the listener's port; link-local ones keep their zone.
    func addresses(
        _ family: ListenerSpecification.Family, port: Int, for spec: ListenerSpecification
    ) throws(ListenerError) -> [SocketAddress] {
        guard (0...65535).contains(port) else { throw ListenerError(endpointID: spec.endpointID, .badPort(port)) }
        let chosen = addresses.filter { address in
            switch (address, family) {
            case (.v4, .ipv4), (.v4, .any), (.v6, .ipv6), (.v6, .any): true
            default: false
            }
        }
        guard !chosen.isEmpty else {
            throw ListenerError(endpointID: spec.endpointID, .interfaceHasNoAddress(name, family))
        }
        return chosen.map { address in
            var address = address
            address.port = port
            return address
        }
    }

    /// The one of its addresses that the configuration names beside the interface; a link-local one needs no zone here.
    func address(_ text: String, port: Int, for spec: ListenerSpecification) throws(ListenerError) -> SocketAddress {
        let wanted = try ListenerSocket.parse(host: text, port: port, for: spec)
        if wanted.isWildcard { throw ListenerError(endpointID: spec.endpointID, .wildcard(text)) }
        guard let found = addresses.first(where: { $0.ipAddress == wanted.ipAddress && $0.ipAddress != nil }) else {
            let known = addresses.map(\.hostText)
            throw ListenerError(
                endpointID: spec.endpointID, .addressNotOnInterface(text, interface: name, known: known))
        }
        var address = found
        address.port = port
        return address
    }
}
