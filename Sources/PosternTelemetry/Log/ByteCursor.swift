/// Writes bytes one behind the other into memory that its owner has found large enough: nothing here looks at a bound.
protocol ByteCursor {
    /// Where the next byte goes.
    var cursor: UnsafeMutableRawPointer { get set }
}

extension ByteCursor {
    @inline(__always)
    mutating func put(_ byte: UInt8) {
        cursor.storeBytes(of: byte, as: UInt8.self)
        cursor += 1
    }

    @inline(__always)
    mutating func putText(_ text: StaticString) {
        cursor.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        cursor += text.utf8CodeUnitCount
    }
}
