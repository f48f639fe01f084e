/// Byte-level helpers of the codec: character classes, comparisons and numbers, over spans.

extension Span<UInt8> {
    /// ASCII case-insensitive equality with text that is already lower case: letters, digits, `-` and `/` only.
    ///
    /// Eight bytes at a time. Only where `lowercase` has a letter may the other byte differ, and only by the bit of case.
    @inline(__always)
    package func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        let length = lowercase.utf8CodeUnitCount
        guard count == length else { return false }
        // A StaticString's pointer is valid for the life of the process, and `length` bytes long; loads stay within both.
        let other = UnsafeRawPointer(lowercase.utf8Start)
        var index = 0
        if length >= 8 {
            while true {
                let wanted = other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let caseBits = (wanted & 0x4040_4040_4040_4040) &>> 1
                guard bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) | caseBits == wanted else {
                    return false
                }
                if index &+ 8 == length { return true }
                index = Swift.min(index &+ 8, length &- 8)
            }
        }
        while index < length {
            guard ASCII.lowercase(self[index]) == other.load(fromByteOffset: index, as: UInt8.self) else {
                return false
            }
            index &+= 1
        }
        return true
    }

    /// ASCII case-insensitive equality.
    package func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where ASCII.lowercase(self[index]) != ASCII.lowercase(other[index]) { return false }
        return true
    }

    package func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let other = text.utf8Start
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }

    /// Where `byte` stands first in `start..<end`, or nil.
    @inline(__always)
    func first(_ byte: UInt8, from start: Int, to end: Int) -> Int? {
        var index = start
        let pattern = 0x0101_0101_0101_0101 &* UInt64(byte)
        // Eight bytes at a time: a byte of `x` is zero where the word holds the one sought; the usual zero-byte test
        // finds the first.
        while index &+ 8 <= end {
            let word = bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let x = word ^ pattern
            let zeros = (x &- 0x0101_0101_0101_0101) & ~x & 0x8080_8080_8080_8080
            if zeros != 0 { return index &+ (UInt64(littleEndian: zeros).trailingZeroBitCount >> 3) }
            index &+= 8
        }
        while index < end {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }
}

package enum ASCII {
    package static let cr: UInt8 = 0x0D
    package static let lf: UInt8 = 0x0A
    package static let space: UInt8 = 0x20
    package static let tab: UInt8 = 0x09

    @inline(__always)
    package static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// The value of a hexadecimal digit, or nil.
    @inline(__always)
    package static func hexValue(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let lower = byte | 0x20
        return lower &- 0x61 < 6 ? lower &- 0x61 &+ 10 : nil
    }

    @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    // One bit a character, for the 128 characters of ASCII; anything above is in no class.

    /// tchar, RFC 9110, section 5.6.2: alphanumerics and !#$%&'*+-.^_`|~
    private static let token = ASCIISet(low: 0x03ff6cfa00000000, high: 0x57ffffffc7fffffe)
    /// pchar and "/", RFC 3986, section 3.3, with "%" for escapes: alphanumerics and -._~!$&'()*+,;=:@/%
    private static let path = ASCIISet(low: 0x2ffffff200000000, high: 0x47fffffe87ffffff)
    /// The above with "?" (section 3.4) and the brackets `[]` that clients in the field leave bare.
    private static let query = ASCIISet(low: 0xaffffff200000000, high: 0x47fffffeafffffff)

    @inline(__always) static func isToken(_ byte: UInt8) -> Bool { token.contains(byte) }
    @inline(__always) static func isPath(_ byte: UInt8) -> Bool { path.contains(byte) }
    @inline(__always) static func isQuery(_ byte: UInt8) -> Bool { query.contains(byte) }
}

/// A set of ASCII characters in two words, written as constants so that no initialiser runs on the request path.
struct ASCIISet: Sendable {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte & 0x40 == 0 ? low : high
        return byte < 0x80 && (word &>> UInt64(byte & 0x3F)) & 1 == 1
    }
}
