/// Names for one exchange: `x-amzn-RequestId`, `x-amz-apigw-id` and the root of `X-Amzn-Trace-Id`.
///
/// One per event loop. Every method writes ASCII into memory that the caller owns and allocates nothing. The
/// identifiers come from a seeded, non-cryptographic generator; `RandomWords` says why that is enough.
package struct RequestIDGenerator {
    /// Bytes of a request id.
    package static let requestIDCount = 36
    /// Bytes of an extended request id.
    package static let extendedIDCount = 16
    /// Bytes of a trace root.
    package static let traceRootCount = 35

    private var words: RandomWords

    package init() { words = RandomWords() }

    /// For tests: the same state gives the same identifiers.
    package init(state: (UInt64, UInt64, UInt64, UInt64)) { words = RandomWords(state: state) }

    /// Writes a version 4 UUID (RFC 9562 section 5.4), 36 bytes, lower case.
    package mutating func writeRequestID(to target: UnsafeMutableRawPointer) {
        let high = (words.next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        let low = (words.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        HexDigits.write(UInt32(truncatingIfNeeded: high &>> 32), to: target)
        Self.writeGroups(HexDigits.eight(UInt32(truncatingIfNeeded: high)), to: target + 8)
        Self.writeGroups(HexDigits.eight(UInt32(truncatingIfNeeded: low &>> 32)), to: target + 18)
        HexDigits.write(UInt32(truncatingIfNeeded: low), to: target + 28)
    }

    /// Writes 88 random bits in base64, 16 bytes of which the last is `=`, as API Gateway's `x-amz-apigw-id` looks.
    package mutating func writeExtendedID(to target: UnsafeMutableRawPointer) {
        var bits = words.next()
        var position = 0
        while position < 10 {
            target.storeBytes(of: Self.base64(bits), toByteOffset: position, as: UInt8.self)
            bits &>>= 6
            position &+= 1
        }
        bits = words.next()
        while position < 14 {
            target.storeBytes(of: Self.base64(bits), toByteOffset: position, as: UInt8.self)
            bits &>>= 6
            position &+= 1
        }
        // 11 bytes are 88 bits: the fifteenth character carries four of them and two zeros.
        target.storeBytes(of: Self.base64(bits & 0x3C), toByteOffset: 14, as: UInt8.self)
        target.storeBytes(of: UInt8(ascii: "="), toByteOffset: 15, as: UInt8.self)
    }

    /// Writes `1-{8 hex of the epoch second}-{24 hex}`, 35 bytes: what follows `Root=` in `X-Amzn-Trace-Id`.
    package mutating func writeTraceRoot(epochSecond: Int, to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: UInt8(ascii: "1"), as: UInt8.self)
        target.storeBytes(of: UInt8(ascii: "-"), toByteOffset: 1, as: UInt8.self)
        HexDigits.write(UInt32(truncatingIfNeeded: epochSecond), to: target + 2)
        target.storeBytes(of: UInt8(ascii: "-"), toByteOffset: 10, as: UInt8.self)
        let first = words.next()
        HexDigits.write(UInt32(truncatingIfNeeded: first &>> 32), to: target + 11)
        HexDigits.write(UInt32(truncatingIfNeeded: first), to: target + 19)
        HexDigits.write(UInt32(truncatingIfNeeded: words.next() &>> 32), to: target + 27)
    }

    /// `-xxxx-xxxx` from eight digits.
    @inline(__always)
    private static func writeGroups(_ digits: UInt64, to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
        target.storeBytes(of: UInt32(truncatingIfNeeded: digits).littleEndian, toByteOffset: 1, as: UInt32.self)
        target.storeBytes(of: UInt8(ascii: "-"), toByteOffset: 5, as: UInt8.self)
        target.storeBytes(
            of: UInt32(truncatingIfNeeded: digits &>> 32).littleEndian, toByteOffset: 6, as: UInt32.self)
    }

    /// The base64 character of the six lowest bits (RFC 4648 section 4).
    @inline(__always)
    private static func base64(_ bits: UInt64) -> UInt8 {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        return alphabet.utf8Start[Int(truncatingIfNeeded: bits & 0x3F)]
    }
}
