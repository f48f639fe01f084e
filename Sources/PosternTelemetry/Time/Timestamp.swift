/// The `time` field of log lines: RFC 3339 in UTC with milliseconds, `2026-04-09T12:34:56.789Z`.
///
/// The part down to the second is kept between calls, because thousands of records share it. One per event loop.
struct Timestamp {
    /// Bytes in a timestamp, always.
    static let count = 24

    private var second = Int.min
    /// `2026-04-09T12:34:56.`, 20 bytes
    private var prefix: (UInt64, UInt64, UInt32) = (0, 0, 0)

    /// Writes the 24 bytes for a wall-clock time in nanoseconds since 1970.
    mutating func write(epochNanoseconds: Int, to target: UnsafeMutableRawPointer) {
        var second = epochNanoseconds / 1_000_000_000
        var fraction = epochNanoseconds % 1_000_000_000
        if fraction < 0 {
            fraction += 1_000_000_000
            second -= 1
        }
        if second != self.second { renew(second) }
        target.storeBytes(of: prefix.0, as: UInt64.self)
        target.storeBytes(of: prefix.1, toByteOffset: 8, as: UInt64.self)
        target.storeBytes(of: prefix.2, toByteOffset: 16, as: UInt32.self)
        DecimalDigits.writePadded(fraction / 1_000_000, width: 3, to: target + 20)
        target.storeBytes(of: UInt8(ascii: "Z"), toByteOffset: 23, as: UInt8.self)
    }

    private mutating func renew(_ second: Int) {
        self.second = second
        let time = CivilTime(epochSecond: second)
        withUnsafeMutableBytes(of: &prefix) { bytes in
            guard let text = bytes.baseAddress else { return }
            DecimalDigits.writePadded(time.year, width: 4, to: text)
            text.storeBytes(of: UInt8(ascii: "-"), toByteOffset: 4, as: UInt8.self)
            DecimalDigits.writePadded(time.month, width: 2, to: text + 5)
            text.storeBytes(of: UInt8(ascii: "-"), toByteOffset: 7, as: UInt8.self)
            DecimalDigits.writePadded(time.day, width: 2, to: text + 8)
            text.storeBytes(of: UInt8(ascii: "T"), toByteOffset: 10, as: UInt8.self)
            DecimalDigits.writePadded(time.hour, width: 2, to: text + 11)
            text.storeBytes(of: UInt8(ascii: ":"), toByteOffset: 13, as: UInt8.self)
            DecimalDigits.writePadded(time.minute, width: 2, to: text + 14)
            text.storeBytes(of: UInt8(ascii: ":"), toByteOffset: 16, as: UInt8.self)
            DecimalDigits.writePadded(time.second, width: 2, to: text + 17)
            text.storeBytes(of: UInt8(ascii: "."), toByteOffset: 19, as: UInt8.self)
        }
    }
}
