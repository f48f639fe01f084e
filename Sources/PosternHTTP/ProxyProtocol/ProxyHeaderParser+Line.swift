/// Version 1, one line of text (section 2.1): `PROXY TCP4 192.168.0.1 192.168.0.11 56324 443` CR LF.
extension ProxyHeaderParser {
    private static let start = Array("PROXY ".utf8)

    /// Nil while the line is not complete; nothing but its beginning is looked at before it is.
    static func parseLine(
        _ bytes: Span<UInt8>
    ) throws(ProxyHeaderRefusal) -> (header: ProxyHeader, consumed: Int)? {
        guard begins(bytes, with: start) else { throw .notProxyHeader }
        guard let end = try lineEnd(bytes) else { return nil }
        var fields: [[UInt8]] = [[]]
        for index in start.count..<end {
            if bytes[index] == UInt8(ascii: " ") {
                fields.append([])
            } else {
                fields[fields.count - 1].append(bytes[index])
            }
        }
        return (try header(of: fields), end + 2)
    }

    /// The offset of the CR; nil while it may still come. A CR or LF alone never ends the line.
    private static func lineEnd(_ bytes: Span<UInt8>) throws(ProxyHeaderRefusal) -> Int? {
        var index = start.count
        while index < min(bytes.count, lineLimit) {
            if bytes[index] == UInt8(ascii: "\n") { throw .badLineEnd }
            if bytes[index] == UInt8(ascii: "\r") {
                if index + 2 > lineLimit { throw .lineTooLong }
                if index + 1 == bytes.count { return nil }
                guard bytes[index + 1] == UInt8(ascii: "\n") else { throw .badLineEnd }
                return index
            }
            index += 1
        }
        if bytes.count >= lineLimit { throw .lineTooLong }
        return nil
    }

    private static func header(of fields: [[UInt8]]) throws(ProxyHeaderRefusal) -> ProxyHeader {
        let family = String(decoding: fields[0], as: UTF8.self)
        // "The receiver must ignore anything presented before the CRLF"; the connection's own addresses hold.
        if family == "UNKNOWN" { return ProxyHeader() }
        guard family == "TCP4" || family == "TCP6", fields.count == 5 else { throw .badLine }
        let ports = (try port(fields[3]), try port(fields[4]))
        if family == "TCP4" {
            guard let source = v4(fields[1]), let destination = v4(fields[2]) else { throw .badAddress }
            return ProxyHeader(
                source: .v4(source, port: ports.0), destination: .v4(destination, port: ports.1))
        }
        guard let source = v6(fields[1]), let destination = v6(fields[2]) else { throw .badAddress }
        return ProxyHeader(
            source: .v6(high: source.high, low: source.low, port: ports.0),
            destination: .v6(high: destination.high, low: destination.low, port: ports.1))
    }

    private static func port(_ text: [UInt8]) throws(ProxyHeaderRefusal) -> UInt16 {
        guard let value = decimal(text[...], limit: 65_535) else { throw .badPort }
        return UInt16(value)
    }

    /// Digits only, no leading zero, at most the limit (which has at most five digits).
    private static func decimal(_ text: ArraySlice<UInt8>, limit: Int) -> Int? {
        guard (1...5).contains(text.count), text.first != UInt8(ascii: "0") || text.count == 1 else { return nil }
        var value = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value <= limit ? value : nil
    }

    /// Four decimal parts, nothing shorter, no leading zeros.
    private static func v4(_ text: [UInt8]) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let number = decimal(part, limit: 255) else { return nil }
            value = value << 8 | UInt32(number)
        }
        return value
    }

    /// Groups of one to four hexadecimal digits, one `::` for at least one group of zeros. The last two groups may be
    /// written as an IPv4 address (RFC 4291 section 2.2, form 3): proxies use inet_ntop, which writes mapped ones so.
    private static func v6(_ text: [UInt8]) -> (high: UInt64, low: UInt64)? {
        var parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count >= 3 else { return nil }
        // "::1" and "1::" give two empty parts at an end where one stands for the gap.
        if parts[0].isEmpty { guard parts.removeFirst().isEmpty, parts[0].isEmpty else { return nil } }
        if parts[parts.count - 1].isEmpty {
            // "::" itself is already down to two empty parts here.
            parts.removeLast()
            guard parts[parts.count - 1].isEmpty else { return nil }
        }
        var groups: [UInt64] = []
        var gap: Int?
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                guard gap == nil else { return nil }
                gap = groups.count
            } else if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let tail = v4(part) else { return nil }
                groups += [UInt64(tail >> 16), UInt64(tail & 0xffff)]
            } else {
                guard let group = hexadecimal(part) else { return nil }
                groups.append(group)
            }
        }
        guard gap == nil ? groups.count == 8 : groups.count < 8 else { return nil }
        if let gap { groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap) }
        return (groups[0..<4].reduce(0) { $0 << 16 | $1 }, groups[4..<8].reduce(0) { $0 << 16 | $1 })
    }

    private static func hexadecimal(_ text: [UInt8]) -> UInt64? {
        guard (1...4).contains(text.count) else { return nil }
        var value: UInt64 = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt64(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }
}
