/// The type-length-value vectors after the addresses of a version 2 header (section 2.2). The two that matter to us are
/// the checksum, verified where it is present (2.2.3), and the VPC endpoint id that AWS's network load balancers add.
/// Others, padding (`PP2_TYPE_NOOP`) among them, are skipped; all have to fit exactly.
extension ProxyHeaderParser {
    private static let checksumType: UInt8 = 0x03
    private static let awsType: UInt8 = 0xea
    private static let awsEndpointSubtype: UInt8 = 0x01

    /// Room for `vpce-` and what follows; AWS's own ids have 22 bytes.
    private static let endpointIDLimit = 128

    /// The endpoint id, if there is one. Both ranges are into `bytes`.
    static func readExtensions(
        _ bytes: Span<UInt8>, _ extensions: Range<Int>, header: Range<Int>
    ) throws(ProxyHeaderRefusal) -> String? {
        var endpoint: Range<Int>?
        var checksum: Range<Int>?
        var index = extensions.lowerBound
        while index < extensions.upperBound {
            guard extensions.upperBound - index >= 3 else { throw .badExtension }
            let value = index + 3..<index + 3 + Int(word(bytes, at: index + 1))
            guard value.upperBound <= extensions.upperBound else { throw .badExtension }
            switch bytes[index] {
            case checksumType:
                guard checksum == nil else { throw .duplicateExtension }
                guard value.count == 4 else { throw .badExtension }
                checksum = value
            case awsType:
                guard !value.isEmpty else { throw .badExtension }
                guard bytes[value.lowerBound] == awsEndpointSubtype else { break }
                guard endpoint == nil else { throw .duplicateExtension }
                endpoint = value.dropFirst()
            default:
                break
            }
            index = value.upperBound
        }
        if let checksum {
            let expected = UInt32(number(bytes, at: checksum.lowerBound, length: 4))
            guard CRC32C.of(bytes, header, asZero: checksum) == expected else { throw .badChecksum }
        }
        guard let endpoint else { return nil }
        return try endpointID(bytes, endpoint)
    }

    /// `vpce-` and then lower-case letters, digits and hyphens: it goes into policies, logs and headers as it is.
    private static func endpointID(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ProxyHeaderRefusal) -> String {
        let prefix = Array("vpce-".utf8)
        let text = range.map { bytes[$0] }
        let isAllowed = text.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard isAllowed, text.starts(with: prefix), (prefix.count + 1...endpointIDLimit).contains(text.count) else {
            throw .badEndpointID
        }
        return String(decoding: text, as: UTF8.self)
    }
}
