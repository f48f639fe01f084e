import Glibc
import NIOCore

/// A network interface and the IP addresses it has at this moment.
struct NetworkInterface {
    var name: String
    var addresses: [SocketAddress]

    init(named name: String, for spec: ListenerSpecification) throws(ListenerError) {
        let entries = try InterfaceEntry.all(for: spec, subject: name)
        guard entries.contains(where: { $0.interface == name }) else {
            var known: [String] = []
            for entry in entries where !known.contains(entry.interface) { known.append(entry.interface) }
            throw ListenerError(endpointID: spec.endpointID, .noInterface(name, known: known))
        }
        self.name = name
        self.addresses = entries.filter { $0.interface == name }.compactMap(\.address)
    }

    /// The interface that has an address at this moment; nil if none has it, or more than one.
    static func holding(_ address: SocketAddress, for spec: ListenerSpecification) throws(ListenerError) -> String? {
        let entries = try InterfaceEntry.all(for: spec, subject: address.hostText)
        let exact = entries.filter { $0.has(address) }
        // All of a loopback interface's network is this machine's: 127.0.0.2 is nobody's and yet bound.
        let found = exact.isEmpty ? entries.filter { $0.isLoopback && $0.coversNetwork(of: address) } : exact
        let names = Set(found.map(\.interface))
        return names.count == 1 ? names.first : nil
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
