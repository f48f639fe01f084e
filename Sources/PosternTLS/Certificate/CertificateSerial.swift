import COpenSSL

/// The serial number of a certificate: unique under its issuer.
package struct CertificateSerial: Sendable, Hashable {
    /// RFC 5280 section 4.1.2.2 allows 20 octets; some room for authorities that know no better.
    static let mostBytes = 64

    /// Big-endian magnitude without leading zeros; one zero byte for zero.
    package let magnitude: [UInt8]
    /// RFC 5280 forbids it, RFC 2459 did not.
    package let isNegative: Bool

    /// nil if it is longer than `mostBytes`.
    init?(_ serial: UnsafePointer<ASN1_INTEGER>?) {
        guard let serial else { return nil }
        let count = Int(ASN1_STRING_length(serial))
        guard count <= Self.mostBytes else { return nil }
        let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(serial), count: count)
        let trimmed = [UInt8](bytes.drop { $0 == 0 })
        magnitude = trimmed.isEmpty ? [0] : trimmed
        isNegative = ASN1_STRING_type(serial) & V_ASN1_NEG != 0
    }

    /// Lower-case hexadecimal, two digits a byte: `0a1b2c`.
    package var hexadecimal: String { sign + magnitude.withUnsafeBytes { Hexadecimal.text($0) } }

    /// The same with colons, `0a:1b:2c`: AWS's documented form of `$context.identity.clientCert.serialNumber`.
    package var colonHexadecimal: String {
        sign + magnitude.withUnsafeBytes { Hexadecimal.text($0, separator: UInt8(ascii: ":")) }
    }

    /// Decimal, the other form seen in AWS's events.
    package var decimal: String {
        // Long division by ten on base-256 digits: at most 64 bytes, and only where this form is asked for.
        var rest = magnitude
        var digits: [UInt8] = []
        repeat {
            var remainder = 0
            for place in rest.indices {
                let value = remainder << 8 | Int(rest[place])
                rest[place] = UInt8(value / 10)
                remainder = value % 10
            }
            digits.append(UInt8(ascii: "0") + UInt8(remainder))
            rest = [UInt8](rest.drop { $0 == 0 })
        } while !rest.isEmpty
        return sign + String(decoding: digits.reversed(), as: UTF8.self)
    }

    private var sign: String { isNegative ? "-" : "" }
}
