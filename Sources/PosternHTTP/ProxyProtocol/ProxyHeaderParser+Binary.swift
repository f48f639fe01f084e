/// Version 2 (section 2.2): 12 bytes of signature, version and command, family and transport, a length; then the
/// addresses and the extensions.
extension ProxyHeaderParser {
    private static let signature: [UInt8] = [
        0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
    ]
    static let fixedLength = 16

    /// Nil while the header is not complete. A header that will be refused for its first 16 bytes is refused with them.
    static func parseBinary(
        _ bytes: Span<UInt8>
    ) throws(ProxyHeaderRefusal) -> (header: ProxyHeader, consumed: Int)? {
        guard begins(bytes, with: signature) else { throw .notProxyHeader }
        guard bytes.count > 12 else { return nil }
        guard bytes[12] >> 4 == 2 else { throw .badVersion }
        guard bytes[12] & 0x0f <= 1 else { throw .badCommand }
        let isLocal = bytes[12] & 0x0f == 0
        guard bytes.count > 13 else { return nil }
        // The family of a LOCAL command is ignored, and whatever follows is skipped.
        let family = isLocal ? Family.unspecified : try Family(bytes[13])
        guard bytes.count >= fixedLength else { return nil }
        let end = fixedLength + Int(word(bytes, at: 14))
        guard end <= headerLimit else { throw .headerTooLong }
        guard end >= fixedLength + family.addressLength else { throw .addressesTruncated }
        guard bytes.count >= end else { return nil }

        var header = ProxyHeader(isLocal: isLocal)
        if family != .unspecified {
            (header.source, header.destination) = addresses(bytes, family)
            let extensions = fixedLength + family.addressLength..<end
            header.endpointID = try readExtensions(bytes, extensions, header: 0..<end)
        }
        return (header, end)
    }

    enum Family {
        /// The proxy could not say; the connection's own addresses hold and the rest is skipped.
        case unspecified
        case v4, v6, unix

        /// Only streams, and only family and transport that agree: a datagram cannot have come over this connection.
        init(_ byte: UInt8) throws(ProxyHeaderRefusal) {
            switch byte {
            case 0x00: self = .unspecified
            case 0x11: self = .v4
            case 0x21: self = .v6
            case 0x31: self = .unix
            default: throw byte >> 4 <= 3 ? .notStream : .badFamily
            }
        }

        /// Bytes of both addresses with their ports.
        var addressLength: Int {
            switch self {
            case .unspecified: 0
            case .v4: 12
            case .v6: 36
            case .unix: 216
            }
        }
    }

    private static func addresses(
        _ bytes: Span<UInt8>, _ family: Family
    ) -> (source: ProxyAddress?, destination: ProxyAddress?) {
        let at = fixedLength
        switch family {
        case .unspecified:
            return (nil, nil)
        case .v4:
            return (
                .v4(UInt32(number(bytes, at: at, length: 4)), port: word(bytes, at: at + 8)),
                .v4(UInt32(number(bytes, at: at + 4, length: 4)), port: word(bytes, at: at + 10))
            )
        case .v6:
            return (
                .v6(
                    high: number(bytes, at: at, length: 8), low: number(bytes, at: at + 8, length: 8),
                    port: word(bytes, at: at + 32)),
                .v6(
                    high: number(bytes, at: at + 16, length: 8), low: number(bytes, at: at + 24, length: 8),
                    port: word(bytes, at: at + 34))
            )
        case .unix:
            return (.unix(unixName(bytes, at: at)), .unix(unixName(bytes, at: at + 108)))
        }
    }

    /// The 108 bytes of `sun_path`: a path ends at its first zero, an abstract name (zero first) before its last ones.
    private static func unixName(_ bytes: Span<UInt8>, at offset: Int) -> [UInt8] {
        let field = (offset..<offset + 108).map { bytes[$0] }
        if field[0] != 0 { return Array(field.prefix { $0 != 0 }) }
        guard let last = field.lastIndex(where: { $0 != 0 }) else { return [] }
        return Array(field[...last])
    }

    static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt16 {
        UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    /// Up to eight bytes in network order.
    static func number(_ bytes: Span<UInt8>, at offset: Int, length: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in offset..<offset + length { value = value << 8 | UInt64(bytes[index]) }
        return value
    }
}
