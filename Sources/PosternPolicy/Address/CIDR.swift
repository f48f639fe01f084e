/// A network as policies and listeners write it: `10.0.0.0/8`, `fd00::/8`, or one address alone (RFC 4632, RFC 4291).
package struct CIDR: Sendable, Hashable {
    /// The first address of the network.
    package let network: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    package let prefixLength: Int

    /// Reads a network; an address without a prefix is the network of that one address.
    ///
    /// - Throws: ``CIDRError`` for anything malformed, and for an address with bits set behind its prefix: masking them
    ///   off, as some programs do, would admit a whole network where its author may have meant one host.
    package init(_ text: String) throws(CIDRError) {
        let bytes = text.utf8.span
        var slash = bytes.count
        for index in bytes.indices where bytes[index] == UInt8(ascii: "/") {
            slash = index
            break
        }
        guard let address = IPAddress(utf8: bytes.extracting(0..<slash)) else { throw .notAnAddress(text) }
        guard slash < bytes.count else {
            network = address
            prefixLength = address.isV4 ? 32 : 128
            return
        }
        guard let written = CIDR.prefix(bytes.extracting(slash + 1..<bytes.count)) else { throw .badPrefix(text) }

        // In IPv6 notation a mapped address counts its prefix from the 96 bits before the IPv4 part.
        let mapped = (0..<slash).contains { bytes[$0] == UInt8(ascii: ":") } && address.isV4
        let whole = address.isV4 && !mapped ? 96 + written : written
        guard whole <= 128 else { throw .badPrefix(text) }
        let first = IPAddress(bits: address.bits & ~CIDR.hostMask(whole))
        let length = first.isV4 && whole >= 96 ? whole - 96 : whole
        guard first == address else { throw .hostBits(text, network: "\(first)/\(length)", address: "\(address)") }
        network = first
        prefixLength = length
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.isV4 == isV4 && address.bits >= network.bits && address.bits <= last.bits
    }

    /// Whether this is a network of IPv4 addresses. `::/0` and other IPv6 networks hold none of them.
    package var isV4: Bool { network.isV4 }

    /// The last address of the network.
    package var last: IPAddress {
        IPAddress(bits: network.bits | CIDR.hostMask(isV4 ? 96 + prefixLength : prefixLength))
    }

    /// Ones behind the first `length` of 128 bits.
    private static func hostMask(_ length: Int) -> UInt128 { length == 0 ? .max : (1 << (128 - length)) - 1 }

    /// A decimal number of up to three digits without leading zeros.
    private static func prefix(_ digits: Span<UInt8>) -> Int? {
        guard (1...3).contains(digits.count) else { return nil }
        var value = 0
        for index in digits.indices {
            guard digits[index].isASCIIDigit else { return nil }
            value = value * 10 + Int(digits[index] - UInt8(ascii: "0"))
        }
        return digits.count > 1 && digits[0] == UInt8(ascii: "0") ? nil : value
    }
}

extension CIDR: CustomStringConvertible {
    package var description: String { "\(network)/\(prefixLength)" }
}

/// Why a text is not a network; the author's fault.
package enum CIDRError: Error, Sendable, Hashable {
    case notAnAddress(String)
    case badPrefix(String)
    /// Bits are set behind the prefix.
    case hostBits(String, network: String, address: String)

    package var message: String {
        switch self {
        case .notAnAddress(let text): "\(quoted(text)) is not an address or a network"
        case .badPrefix(let text): "\(quoted(text)) has a prefix length that does not fit its address"
        case .hostBits(let text, _, _): "\(quoted(text)) has bits set behind its prefix"
        }
    }

    package var hint: String {
        switch self {
        case .notAnAddress: "expected `10.0.0.0/8`, `10.0.0.1`, `fd00::/8` or the like"
        case .badPrefix: "expected `/0` to `/32` for IPv4, `/0` to `/128` for IPv6"
        case .hostBits(_, let network, let address): "write `\(network)` for the network, `\(address)` for one address"
        }
    }
}
