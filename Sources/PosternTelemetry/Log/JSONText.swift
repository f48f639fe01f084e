/// Turns bytes that a peer chose into the inside of a JSON text, always valid UTF-8 and always one line.
///
/// Escaped: `"` and `\`, the control characters U+0000…U+001F (RFC 8259 section 7), and beyond the RFC U+007F and
/// U+0080…U+009F, because a terminal showing the log would obey them. Each maximal subpart of an ill-formed sequence
/// becomes one U+FFFD (Unicode 16 section 3.9, as `String(decoding:as:)` does it), so nothing in a log line can be
/// read two ways.
enum JSONText {
    /// The most bytes that one byte of input becomes: `\u001b`.
    static let mostExpansion = 6
    /// Bytes beyond the escaped text that `write` may touch, since it stores whole words.
    static let slack = 8

    /// Writes the escaped form of `count` bytes and returns the address after it. The caller has made sure of
    /// `count * mostExpansion + slack` bytes of room.
    static func write(
        _ source: UnsafeRawPointer, count: Int, to target: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        var input = source
        let end = source + count
        var output = target
        while end - input >= 8 {
            let word = UInt64(littleEndian: input.loadUnaligned(as: UInt64.self))
            output.storeBytes(of: word.littleEndian, as: UInt64.self)
            let care = Self.bytesNeedingCare(word)
            if care == 0 {
                input += 8
                output += 8
            } else {
                let plain = care.trailingZeroBitCount &>> 3
                input += plain
                output += plain
                writeOne(&input, end, &output)
            }
        }
        if let done = writePlainTail(input, end, count, output) { return done }
        while input < end { writeOne(&input, end, &output) }
        return output
    }

    /// Copies the last bytes, fewer than eight, if none needs care; nil if one does or they are too few to be worth it.
    @inline(__always)
    private static func writePlainTail(
        _ input: UnsafeRawPointer, _ end: UnsafeRawPointer, _ count: Int, _ output: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        let rest = end - input
        if count >= 8 {
            // The word that ends with the text. Its first bytes are written already, and as they are: none needs care.
            let word = UInt64(littleEndian: (end - 8).loadUnaligned(as: UInt64.self))
            guard bytesNeedingCare(word) == 0 else { return nil }
            (output - (8 - rest)).storeBytes(of: word.littleEndian, as: UInt64.self)
            return output + rest
        }
        guard rest >= 4 else { return nil }
        let first = UInt32(littleEndian: input.loadUnaligned(as: UInt32.self))
        let last = UInt32(littleEndian: (end - 4).loadUnaligned(as: UInt32.self))
        guard bytesNeedingCare(UInt64(first) | UInt64(last) &<< 32) == 0 else { return nil }
        output.storeBytes(of: first.littleEndian, as: UInt32.self)
        (output + (rest - 4)).storeBytes(of: last.littleEndian, as: UInt32.self)
        return output + rest
    }

    /// The high bit of every byte that may not be copied as it is. The lowest bit set is exact; those above it may be
    /// false, since a borrow runs upward, so only the first is used.
    @inline(__always)
    private static func bytesNeedingCare(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let control = (word &- ones &* 0x20) & ~word
        let special = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
        let delete = word &+ ones  // carries into the high bit from 0x7F
        return (control | special | delete | word) & (ones &* 0x80)
    }

    /// One character, or one ill-formed subpart, from `input` to `output`.
    private static func writeOne(
        _ input: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ output: inout UnsafeMutableRawPointer
    ) {
        let byte = input.load(as: UInt8.self)
        guard byte >= 0x80 else {
            input += 1
            writeASCII(byte, &output)
            return
        }
        let (length, wellFormed) = sequence(input, end)
        defer { input += length }
        guard wellFormed else { return replace(&output) }
        let second = input.load(fromByteOffset: 1, as: UInt8.self)
        if byte == 0xC2, second < 0xA0 { return escape(second, &output) }
        output.copyMemory(from: input, byteCount: length)
        output += length
    }

    private static func writeASCII(_ byte: UInt8, _ output: inout UnsafeMutableRawPointer) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): escapeShort(byte, &output)
        case 0x0A: escapeShort(UInt8(ascii: "n"), &output)
        case 0x0D: escapeShort(UInt8(ascii: "r"), &output)
        case 0x09: escapeShort(UInt8(ascii: "t"), &output)
        case 0..<0x20, 0x7F: escape(byte, &output)
        default:
            output.storeBytes(of: byte, as: UInt8.self)
            output += 1
        }
    }

    private static func escapeShort(_ letter: UInt8, _ output: inout UnsafeMutableRawPointer) {
        output.storeBytes(of: UInt8(ascii: "\\"), as: UInt8.self)
        output.storeBytes(of: letter, toByteOffset: 1, as: UInt8.self)
        output += 2
    }

    /// `\u00` and two digits.
    private static func escape(_ scalar: UInt8, _ output: inout UnsafeMutableRawPointer) {
        let digits = HexDigits.eight(UInt32(scalar)) & 0xFFFF_FFFF_0000_0000 | 0x755C  // "\u" before the last four
        output.storeBytes(of: UInt16(truncatingIfNeeded: digits).littleEndian, as: UInt16.self)
        output.storeBytes(of: UInt32(truncatingIfNeeded: digits &>> 32).littleEndian, toByteOffset: 2, as: UInt32.self)
        output += 6
    }

    /// U+FFFD
    private static func replace(_ output: inout UnsafeMutableRawPointer) {
        output.storeBytes(of: 0xEF, as: UInt8.self)
        output.storeBytes(of: 0xBF, toByteOffset: 1, as: UInt8.self)
        output.storeBytes(of: 0xBD, toByteOffset: 2, as: UInt8.self)
        output += 3
    }

    /// How long the sequence (or the ill-formed subpart) at `input` is; its first byte is not ASCII. Table 3-7 of the
    /// Unicode standard.
    private static func sequence(_ input: UnsafeRawPointer, _ end: UnsafeRawPointer) -> (length: Int, wellFormed: Bool)
    {
        let lead = input.load(as: UInt8.self)
        let expected: Int
        var allowed: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: expected = 2
        case 0xE0: (expected, allowed) = (3, 0xA0...0xBF)
        case 0xED: (expected, allowed) = (3, 0x80...0x9F)
        case 0xE1...0xEF: expected = 3
        case 0xF0: (expected, allowed) = (4, 0x90...0xBF)
        case 0xF1...0xF3: expected = 4
        case 0xF4: (expected, allowed) = (4, 0x80...0x8F)
        default: return (1, false)
        }
        var length = 1
        while length < expected {
            guard input + length < end, allowed.contains(input.load(fromByteOffset: length, as: UInt8.self)) else {
                return (length, false)
            }
            allowed = 0x80...0xBF
            length += 1
        }
        return (length, true)
    }
}
