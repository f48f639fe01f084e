/// The operator's own text for a message: in backticks, control characters escaped, no longer than 100 characters.
func quoted(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(100) {
        if scalar.value < 0x20 || scalar.value == 0x7F {
            shown += "\\u00" + hexadecimal(UInt8(scalar.value))
        } else {
            shown.unicodeScalars.append(scalar)
        }
    }
    let cut = text.unicodeScalars.dropFirst(100).isEmpty ? "" : "…"
    return "`\(shown)\(cut)`"
}

/// Two upper-case hexadecimal digits.
func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return byte < 16 ? "0" + digits : digits
}
