/// The Castagnoli checksum of PROXY headers (RFC 4960 appendix B, which the specification names), most significant byte
/// first on the wire.
enum CRC32C {
    /// - Parameter zeroed: the checksum's own place within the range, counted as zero bytes.
    static func of(_ bytes: Span<UInt8>, _ range: Range<Int>, asZero zeroed: Range<Int>) -> UInt32 {
        var remainder: UInt32 = 0xffff_ffff
        for index in range {
            let byte = zeroed.contains(index) ? 0 : bytes[index]
            remainder = table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ remainder >> 8
        }
        return ~remainder
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
    }
}
