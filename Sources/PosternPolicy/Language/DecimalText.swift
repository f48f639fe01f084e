/// A decimal number in the text that it was written in, compared digit by digit: exact at any length, which no binary
/// floating point is. Valid as long as the text.
struct DecimalText {
    private let text: UnsafeRawBufferPointer
    /// The digits from the first that is not zero to the last, a point possibly among them; empty for zero.
    private let digits: Range<Int>
    private let isNegative: Bool
    /// The number is 0.d₁d₂d₃… × 10^`magnitude`.
    private let magnitude: Int

    /// Reads `-12`, `0.50`, `.5`, `1e3`; an exponent holds at most nine digits.
    init?(_ text: UnsafeRawBufferPointer) {
        self.text = text
        var index = 0
        let sign = text.first
        isNegative = sign == UInt8(ascii: "-")
        if isNegative || sign == UInt8(ascii: "+") { index = 1 }
        var point: Int?
        var digitCount = 0
        var first: Int?
        var last = 0
        let start = index
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "."), point == nil {
                point = index
            } else if byte.isASCIIDigit {
                digitCount += 1
                if byte != UInt8(ascii: "0") {
                    if first == nil { first = index }
                    last = index + 1
                }
            } else {
                break
            }
            index += 1
        }
        guard digitCount > 0, point != index - 1 || point == nil else { return nil }
        let end = point ?? (start + digitCount)
        guard let exponent = DecimalText.exponent(text, from: index) else { return nil }
        guard let first else {
            digits = 0..<0
            magnitude = 0
            return
        }
        digits = first..<last
        magnitude = (first < end ? end - first : end + 1 - first) + exponent
    }

    /// Below zero if this number is the smaller.
    func order(_ other: DecimalText) -> Int {
        let sign = digits.isEmpty ? 0 : isNegative ? -1 : 1
        let otherSign = other.digits.isEmpty ? 0 : other.isNegative ? -1 : 1
        if sign != otherSign { return sign < otherSign ? -1 : 1 }
        if sign == 0 { return 0 }
        return sign * absoluteOrder(other)
    }

    private func absoluteOrder(_ other: DecimalText) -> Int {
        if magnitude != other.magnitude { return magnitude < other.magnitude ? -1 : 1 }
        var index = digits.lowerBound
        var otherIndex = other.digits.lowerBound
        while true {
            let digit = next(&index)
            let otherDigit = other.next(&otherIndex)
            switch (digit, otherDigit) {
            case (nil, nil): return 0
            case (nil, _): return -1
            case (_, nil): return 1
            case (let digit?, let otherDigit?): if digit != otherDigit { return digit < otherDigit ? -1 : 1 }
            }
        }
    }

    private func next(_ index: inout Int) -> UInt8? {
        if index < digits.upperBound, text[index] == UInt8(ascii: ".") { index += 1 }
        guard index < digits.upperBound else { return nil }
        defer { index += 1 }
        return text[index]
    }

    private static func exponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < text.count else { return 0 }
        guard text[start] | 0x20 == UInt8(ascii: "e") else { return nil }
        var index = start + 1
        guard index < text.count else { return nil }
        let isNegative = text[index] == UInt8(ascii: "-")
        if isNegative || text[index] == UInt8(ascii: "+") { index += 1 }
        guard (1...9).contains(text.count - index) else { return nil }
        var value = 0
        while index < text.count {
            guard text[index].isASCIIDigit else { return nil }
            value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
            index += 1
        }
        return isNegative ? -value : value
    }
}
