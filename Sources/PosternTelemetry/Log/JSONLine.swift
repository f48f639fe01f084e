/// Writes one JSON object on one line into memory of a fixed size, field by field, without allocating.
///
/// A field for which there is no room is cut or left out, and the line then ends with `"truncated":true`; whatever the
/// fields hold, the line is a complete JSON object. Names are constants that need no escaping.
package struct JSONLine: ByteCursor {
    /// Bytes of a value that are kept unless the call says otherwise; the rest is replaced by `…`.
    package static let valueLimit = 1024
    /// The least memory a line needs.
    package static let leastCapacity = 64

    private static let tail: StaticString = "\"truncated\":true}\n"

    private let start: UnsafeMutableRawPointer
    /// Fields end before this address; behind it there is room for the tail.
    private let limit: UnsafeMutableRawPointer
    var cursor: UnsafeMutableRawPointer
    /// Whether a value was left out or cut for want of room in the line.
    package private(set) var isTruncated = false

    /// - Parameter memory: at least `leastCapacity` bytes, valid until `end()`.
    package init(_ memory: UnsafeMutableRawBufferPointer) {
        guard let base = memory.baseAddress, memory.count >= Self.leastCapacity else {
            preconditionFailure("a JSON line needs at least \(Self.leastCapacity) bytes")
        }
        start = base
        limit = base + (memory.count - Self.tail.utf8CodeUnitCount)
        base.storeBytes(of: UInt8(ascii: "{"), as: UInt8.self)
        cursor = base + 1
    }

    /// Text of a peer: escaped, made valid UTF-8, and cut after `keeping` bytes.
    package mutating func field(
        _ name: StaticString, bytes: UnsafeRawBufferPointer, keeping most: Int = JSONLine.valueLimit
    ) {
        // Beyond the escaped text: the name's and the value's marks, `…`, and the slack of word-wise stores.
        let free = limit - cursor - name.utf8CodeUnitCount - 8 - JSONText.slack
        var count = Swift.min(bytes.count, most)
        if count &* JSONText.mostExpansion > free {
            count = Swift.max(free / JSONText.mostExpansion, 0)
            isTruncated = true
            guard count >= 16 else { return }
        }
        putName(name)
        put(UInt8(ascii: "\""))
        if let base = bytes.baseAddress {
            let kept = count < bytes.count ? Self.wholeCharacters(base, count) : count
            cursor = JSONText.write(base, count: kept, to: cursor)
        }
        if count < bytes.count { putText("…") }
        put(UInt8(ascii: "\""))
        put(UInt8(ascii: ","))
    }

    /// Text of ours that needs no escaping.
    package mutating func field(_ name: StaticString, _ text: StaticString) {
        guard hasRoom(name.utf8CodeUnitCount + text.utf8CodeUnitCount + 6) else { return }
        putName(name)
        put(UInt8(ascii: "\""))
        putText(text)
        put(UInt8(ascii: "\""))
        put(UInt8(ascii: ","))
    }

    package mutating func field(_ name: StaticString, _ value: Int) {
        guard hasRoom(name.utf8CodeUnitCount + DecimalDigits.mostBytes + 4) else { return }
        putName(name)
        cursor = DecimalDigits.write(value, to: cursor)
        put(UInt8(ascii: ","))
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        guard hasRoom(name.utf8CodeUnitCount + 9) else { return }
        putName(name)
        putText(value ? "true" : "false")
        put(UInt8(ascii: ","))
    }

    /// A duration in milliseconds with three decimals (`12.345`), rounded down to the microsecond; below zero is zero.
    package mutating func field(_ name: StaticString, milliseconds nanoseconds: Int) {
        guard hasRoom(name.utf8CodeUnitCount + DecimalDigits.mostBytes + 8) else { return }
        let microseconds = UInt(Swift.max(nanoseconds, 0)) / 1000
        putName(name)
        cursor = DecimalDigits.write(Int(bitPattern: microseconds / 1000), to: cursor)
        put(UInt8(ascii: "."))
        DecimalDigits.writePadded(Int(bitPattern: microseconds % 1000), width: 3, to: cursor)
        cursor += 3
        put(UInt8(ascii: ","))
    }

    /// A moment: RFC 3339 in UTC with milliseconds.
    mutating func field(_ name: StaticString, epochNanoseconds: Int, _ timestamp: inout Timestamp) {
        guard hasRoom(name.utf8CodeUnitCount + Timestamp.count + 6) else { return }
        putName(name)
        put(UInt8(ascii: "\""))
        timestamp.write(epochNanoseconds: epochNanoseconds, to: cursor)
        cursor += Timestamp.count
        put(UInt8(ascii: "\""))
        put(UInt8(ascii: ","))
    }

    /// Closes the object and the line; returns how many bytes it takes. Nothing may be written after it.
    package mutating func end() -> Int {
        if isTruncated {
            putText(Self.tail)
        } else {
            // The comma after the last field becomes the brace.
            if cursor - start > 1 { cursor -= 1 }
            put(UInt8(ascii: "}"))
            put(UInt8(ascii: "\n"))
        }
        return cursor - start
    }

    private mutating func hasRoom(_ bytes: Int) -> Bool {
        if limit - cursor >= bytes { return true }
        isTruncated = true
        return false
    }

    @inline(__always)
    private mutating func putName(_ name: StaticString) {
        put(UInt8(ascii: "\""))
        putText(name)
        put(UInt8(ascii: "\""))
        put(UInt8(ascii: ":"))
    }

    /// How many bytes of `bytes` to keep, `most` at most, without ending inside a UTF-8 sequence.
    static func wholeCharacters(_ bytes: UnsafeRawBufferPointer, atMost most: Int) -> Int {
        guard let base = bytes.baseAddress, most < bytes.count else { return bytes.count }
        return wholeCharacters(base, Swift.max(most, 0))
    }

    /// The longest prefix of at most `count` bytes that does not end inside a UTF-8 sequence; a byte follows it.
    private static func wholeCharacters(_ base: UnsafeRawPointer, _ count: Int) -> Int {
        var kept = count
        while kept > 0, count - kept < 3, base.load(fromByteOffset: kept, as: UInt8.self) & 0xC0 == 0x80 { kept -= 1 }
        return kept
    }
}
