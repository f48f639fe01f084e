extension UInt8 {
    package var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    package var isLowerCaseLetter: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
    package var isUpperCaseLetter: Bool { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") }
    package var isLetterOrDigit: Bool { isDigit || isLowerCaseLetter || isUpperCaseLetter }
    package var isHexDigit: Bool {
        isDigit || (self >= UInt8(ascii: "a") && self <= UInt8(ascii: "f"))
            || (self >= UInt8(ascii: "A") && self <= UInt8(ascii: "F"))
    }

    package func isAny(of characters: StaticString) -> Bool {
        characters.withUTF8Buffer { $0.contains(self) }
    }
}

extension String {
    /// The text as a message shows it: at most 80 characters, control characters replaced.
    package var abbreviated: String {
        let shown = String(prefix(80)).unicodeScalars.map { scalar in
            scalar.value < 0x20 || scalar.value == 0x7f ? "\u{FFFD}" : String(scalar)
        }
        return shown.joined() + (count > 80 ? "…" : "")
    }
}
