import Glibc
import NIOCore

extension NameResolver {
    /// The most addresses of one name that are kept.
    static let addressLimit = 64

    /// Asks the system (hosts file, DNS, whatever nsswitch.conf names); addresses come in the order of RFC 6724.
    static let systemLookup: Lookup = { host, port in
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else { return .failure(error(host, code)) }
        var addresses: [SocketAddress] = []
        for entry in sequence(first: list, next: { $0?.pointee.ai_next }) {
            guard let entry = entry?.pointee, addresses.count < addressLimit else { break }
            guard let raw = entry.ai_addr, var address = SocketAddress(copying: raw) else { continue }
            address.port = port
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses.isEmpty ? .failure(.notFound(host)) : .success(addresses)
    }

    private static func error(_ host: String, _ code: CInt) -> NameResolutionError {
        // EAI_NODATA is -5 in glibc, behind a feature macro: the name exists and has no addresses.
        switch code {
        case EAI_NONAME, -5: .notFound(host)
        case EAI_SYSTEM: .failed(host, why: errnoText(errno))
        default: .failed(host, why: String(cString: gai_strerror(code)))
        }
    }

    /// An IPv4 or IPv6 address written out, the latter with or without brackets.
    static func literal(_ host: String, port: Int) -> SocketAddress? {
        guard let first = host.utf8.first, !host.utf8.contains(0) else { return nil }
        // Names seldom begin with a digit and never contain a colon: all others are spared the parser.
        let isBracketed = first == UInt8(ascii: "[") && host.utf8.last == UInt8(ascii: "]")
        let text = isBracketed ? String(host.dropFirst().dropLast()) : host
        let isV6 = text.utf8.contains(UInt8(ascii: ":"))
        guard isV6 || !isBracketed && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        return try? SocketAddress(ipAddress: text, port: port)
    }

    /// What may be asked of the system at all (RFC 1035 section 2.3.4 bounds the length).
    static func isName(_ host: String) -> Bool {
        (1...253).contains(host.utf8.count) && !host.utf8.contains(0)
    }
}
