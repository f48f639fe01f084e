extension JSONParser {
    /// A string as RFC 8259 section 7 has it. Neither invalid UTF-8 nor a lone surrogate gets in, so that every string
    /// of a document has one spelling in bytes: the one that requests are compared with.
    mutating func string() throws(Diagnostics) -> String {
        let opening = here
        index += 1
        var text: [UInt8] = []
        var plain = index
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                let tail = bytes[plain..<index]
                index += 1
                return text.isEmpty
                    ? String(decoding: tail, as: UTF8.self) : String(decoding: text + tail, as: UTF8.self)
            case UInt8(ascii: "\\"):
                text += bytes[plain..<index]
                try escape(into: &text)
                plain = index
            case 0..<0x20:
                throw failure(
                    "byte 0x\(hexadecimal(byte)) in a string", at: here, hint: "write it as `\\u00\(hexadecimal(byte))`"
                )
            case 0x80...:
                try multibyteCharacter()
            default:
                index += 1
            }
        }
        throw failure("a string is not closed", at: opening, hint: "expected `\"`")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Diagnostics) {
        let start = here
        index += 1
        guard let byte = current else { throw unexpected(wanted: "an escape") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += UTF8.encode(try escapedScalar(start))!
        default: throw failure("unknown escape in a string", at: start, hint: "a backslash is written `\\\\`")
        }
    }

    /// What stands behind `\u`: one code unit, or the two of a surrogate pair.
    private mutating func escapedScalar(_ start: SourcePosition) throws(Diagnostics) -> UnicodeScalar {
        let first = try codeUnit()
        if let scalar = UnicodeScalar(first) { return scalar }
        if first < 0xDC00, current == UInt8(ascii: "\\"), index + 1 < bytes.count,
            bytes[index + 1] == UInt8(ascii: "u")
        {
            index += 2
            let second = try codeUnit()
            if second >= 0xDC00, second < 0xE000,
                let scalar = UnicodeScalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            {
                return scalar
            }
        }
        throw failure("half of a surrogate pair stands alone", at: start, hint: "expected `\\uD800\\uDC00` or the like")
    }

    private mutating func codeUnit() throws(Diagnostics) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = current?.hexadecimalDigit else { throw unexpected(wanted: "four hexadecimal digits") }
            unit = unit << 4 | UInt32(digit)
            index += 1
        }
        return unit
    }

    /// Steps over one character of several bytes, well formed by table 3-7 of the Unicode standard.
    private mutating func multibyteCharacter() throws(Diagnostics) {
        let lead = bytes[index]
        let second: ClosedRange<UInt8> =
            switch lead {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        let length =
            switch lead {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 0
            }
        let complete = length > 0 && index + length <= bytes.count
        guard complete, second.contains(bytes[index + 1]),
            bytes[index + 2..<max(index + 2, index + length)].allSatisfy({ $0 & 0xC0 == 0x80 })
        else { throw failure("byte 0x\(hexadecimal(lead)) is not valid UTF-8 here", at: here) }
        index += length
    }
}
