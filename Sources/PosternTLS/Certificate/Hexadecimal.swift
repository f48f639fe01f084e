/// Bytes as lower-case hexadecimal digits.
enum Hexadecimal {
    /// Two digits a byte, `separator` between bytes if one is given.
    static func text(_ bytes: UnsafeRawBufferPointer, separator: UInt8? = nil) -> String {
        let digits: StaticString = "0123456789abcdef"
        let width = separator == nil ? 2 : 3
        let count = max(0, bytes.count * width - (separator == nil ? 0 : 1))
        return String(unsafeUninitializedCapacity: count) { target in
            var place = 0
            for byte in bytes {
                if let separator, place > 0 {
                    target[place] = separator
                    place += 1
                }
                target[place] = digits.utf8Start[Int(byte >> 4)]
                target[place + 1] = digits.utf8Start[Int(byte & 0xF)]
                place += 2
            }
            return place
        }
    }
}
