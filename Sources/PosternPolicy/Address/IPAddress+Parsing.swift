extension IPAddress {
    /// Reads the text form of an address, strictly: IPv4 is four decimal octets without leading zeros (no octal,
    /// hexadecimal or short forms, which programs read differently), IPv6 is RFC 4291 section 2.2 without a zone.
    ///
    /// - Returns: nil for anything else, surrounding space included.
    package init?(utf8 text: Span<UInt8>) {
        for index in text.indices where text[index] == UInt8(ascii: ":") {
            guard let bits = IPAddress.parseV6(text) else { return nil }
            self.init(bits: bits)
            return
        }
        guard let v4 = IPAddress.parseV4(text) else { return nil }
        self.init(v4: v4)
    }

    private static func parseV4(_ text: Span<UInt8>) -> UInt32? {
        var address: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in text.indices {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                address = address << 8 | octet
                octet = 0
                digits = 0
                dots += 1
            } else {
                let hasLeadingZero = digits > 0 && octet == 0
                guard byte.isASCIIDigit, !hasLeadingZero else { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard octet <= 255 else { return nil }
            }
        }
        guard digits > 0, dots == 3 else { return nil }
        return address << 8 | octet
    }

    private static func parseV6(_ text: Span<UInt8>) -> UInt128? {
        func isColon(_ index: Int) -> Bool { index < text.count && text[index] == UInt8(ascii: ":") }

        var value: UInt128 = 0
        var groups = 0
        /// How many groups stand before `::`.
        var gap: Int?
        var index = 0
        if isColon(0) {
            guard isColon(1) else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            let start = index
            var group: UInt128 = 0
            while index < text.count, let digit = text[index].hexadecimalDigit {
                group = group << 4 | UInt128(digit)
                index += 1
                guard index - start <= 4 else { return nil }
            }
            if index < text.count, text[index] == UInt8(ascii: ".") {
                guard groups <= 6, let v4 = parseV4(text.extracting(start..<text.count)) else { return nil }
                value = value << 32 | UInt128(v4)
                groups += 2
                break
            }
            guard index > start, groups < 8 else { return nil }
            value = value << 16 | group
            groups += 1
            guard index < text.count else { break }
            guard isColon(index), index + 1 < text.count else { return nil }
            index += 1
            if isColon(index) {
                guard gap == nil else { return nil }
                gap = groups
                index += 1
            }
        }
        guard let gap else { return groups == 8 ? value : nil }
        guard groups < 8 else { return nil }
        let tailBits = (groups - gap) * 16
        let tail = value & ((1 << tailBits) - 1)
        return (value >> tailBits) << ((8 - gap) * 16) | tail
    }
}
