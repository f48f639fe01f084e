/// Lower-case hexadecimal, eight digits at a time in one register instead of a table walk.
enum HexDigits {
    /// The eight digits of `word` as the bytes of a little-endian word: the most significant digit is the first byte.
    @inline(__always)
    static func eight(_ word: UInt32) -> UInt64 {
        // Spread the eight nibbles over eight bytes, first digit lowest.
        var nibbles = UInt64(word.byteSwapped)
        nibbles = (nibbles | nibbles &<< 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles &<< 8) & 0x00FF_00FF_00FF_00FF
        nibbles = ((nibbles &>> 4) & 0x000F_000F_000F_000F) | ((nibbles & 0x000F_000F_000F_000F) &<< 8)
        // 0x30 + n, and 0x27 more where n ≥ 10 ('a' is 0x61).
        let letters = ((nibbles &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    @inline(__always)
    static func write(_ word: UInt32, to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: eight(word).littleEndian, as: UInt64.self)
    }
}
