/// Decimal numbers written as ASCII into raw memory; the caller has made sure of the room.
enum DecimalDigits {
    /// The most bytes that `write` produces: a sign and 19 digits.
    static let mostBytes = 20

    /// Writes `value` without leading zeros and returns the address after its last digit.
    static func write(_ value: Int, to target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        var cursor = target
        if value < 0 {
            cursor.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
            cursor += 1
        }
        var rest = value.magnitude
        let end = cursor + count(rest)
        var digit = end
        repeat {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
            digit -= 1
            digit.storeBytes(of: 0x30 &+ UInt8(truncatingIfNeeded: remainder), as: UInt8.self)
            rest = quotient
        } while rest != 0
        return end
    }

    /// Writes the last `width` digits of a value that is not negative, with leading zeros.
    @inline(__always)
    static func writePadded(_ value: Int, width: Int, to target: UnsafeMutableRawPointer) {
        var rest = UInt(bitPattern: value)
        var position = width
        while position > 0 {
            position &-= 1
            target.storeBytes(
                of: 0x30 &+ UInt8(truncatingIfNeeded: rest % 10), toByteOffset: position, as: UInt8.self)
            rest /= 10
        }
    }

    private static func count(_ value: UInt) -> Int {
        var digits = 1
        var bound: UInt = 10
        while value >= bound {
            digits += 1
            if digits == 20 { break }
            bound = digits == 19 ? 10_000_000_000_000_000_000 : bound &* 10
        }
        return digits
    }
}
