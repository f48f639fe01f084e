package import NIOCore

/// Whether a listener could be opened, for `postern doctor`: everything that opening does but to listen, so that nobody is
/// connected who would not be served, and nothing that is there is touched.
package enum ListenerProbe {
    /// - Returns: the addresses; none for inherited sockets, which only the service itself is passed.
    /// - Throws: what opening would.
    package static func addresses(
        of spec: ListenerSpecification, admits: (SocketAddress) -> Bool
    ) throws(ListenerError) -> [SocketAddress] {
        switch spec.bind {
        case .address(let host, let port):
            let opening = IPListenerOpening(spec: spec, device: nil, count: 1, held: HeldSockets([]), replacing: [])
            let address = try ListenerSocket.parse(host: host, port: port, for: spec)
            try bind(address, opening, admits)
            return [address]
        case .interface(let name, let family, let host, let port):
            let opening = IPListenerOpening(spec: spec, device: name, count: 1, held: HeldSockets([]), replacing: [])
            let interface = try NetworkInterface(named: name, for: spec)
            let addresses =
                if let host { [try interface.address(host, port: port, for: spec)] } else {
                    try interface.addresses(family, port: port, for: spec)
                }
            for address in addresses { try bind(address, opening, admits) }
            return addresses
        case .unix(let binding):
            try look(UnixListenerOpening(spec: spec, binding: binding, count: 1, held: HeldSockets([]), replacing: []))
            return []
        case .inherited:
            return []
        }
    }

    /// The socket is closed as soon as it is bound.
    private static func bind(
        _ address: SocketAddress, _ opening: IPListenerOpening, _ admits: (SocketAddress) -> Bool
    ) throws(ListenerError) {
        try opening.check(address, admits)
        var notes: [String] = []
        _ = try opening.bound(to: address, isFirst: true, joinsEarly: false, notes: &notes)
    }

    private static func look(_ opening: UnixListenerOpening) throws(ListenerError) {
        try opening.checkText()
        guard !opening.binding.isAbstract else { return }
        _ = try FileOwnership(owner: opening.binding.owner, group: opening.binding.group, for: opening.spec)
        let place = SocketPlace(path: opening.binding.path)
        guard place.directoryExists else { throw opening.refusal(.noDirectory(place.directory)) }
        switch place.occupant() {
        case .nothing, .stale: return
        case .notASocket: throw opening.refusal(.notASocket(opening.binding.path))
        case .live: throw opening.refusal(.servedByAnotherProcess(opening.binding.path))
        case .uncertain(let code):
            throw opening.refusal(
                .system(call: "connecting to the existing socket", subject: opening.binding.path, code: code))
        }
    }
}
