extension JSONParser {
    /// `true`, `false` or `null`, which must not run on into another word.
    mutating func word(_ word: StaticString, _ value: DocumentNode.Value) throws(Diagnostics) -> DocumentNode.Value {
        let start = index
        while let byte = current, byte.isASCIIAlphanumeric { index += 1 }
        let written = bytes[start..<index]
        guard written.elementsEqual(word.description.utf8) else {
            throw failure(
                "unexpected \(quoted(String(decoding: written, as: UTF8.self)))", at: position(at: start),
                hint: "text is written in double quotes")
        }
        return value
    }

    /// A number as RFC 8259 section 6 has it, kept as it was written.
    mutating func number() throws(Diagnostics) -> String {
        let start = index
        if current == UInt8(ascii: "-") { index += 1 }
        if current == UInt8(ascii: "0") {
            index += 1
            if let byte = current, byte.isASCIIDigit {
                throw failure(
                    "a number may not begin with `0`", at: position(at: start), hint: "quote it if it is text")
            }
        } else {
            try digits()
        }
        if current == UInt8(ascii: ".") {
            index += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func digits() throws(Diagnostics) {
        guard let first = current, first.isASCIIDigit else { throw unexpected(wanted: "a digit") }
        while let byte = current, byte.isASCIIDigit { index += 1 }
    }

    /// The error for the byte at hand, or for the document's end.
    func unexpected(wanted: String) -> Diagnostics {
        guard let byte = current else {
            return failure("the document ends too early", at: here, hint: "expected \(wanted)")
        }
        let printable = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "`")
        let what = printable ? "`\(Character(UnicodeScalar(byte)))`" : "byte 0x\(hexadecimal(byte))"
        return failure("unexpected \(what)", at: here, hint: "expected \(wanted)")
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    var isASCIILetter: Bool { (self | 0x20) >= UInt8(ascii: "a") && (self | 0x20) <= UInt8(ascii: "z") }

    var isASCIIAlphanumeric: Bool { isASCIIDigit || isASCIILetter }

    /// 0 to 15, or nil if this is no hexadecimal digit.
    var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
