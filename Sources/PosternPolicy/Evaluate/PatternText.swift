/// A text with wildcards, as tokens: literal bytes of UTF-8, and two bytes that UTF-8 never holds for the wildcards, so
/// that a literal `*` can stand in a pattern.
struct PatternText: Hashable {
    /// Any run of characters, also empty.
    static let anyRun: UInt8 = 0xFF
    /// Exactly one character.
    static let anyCharacter: UInt8 = 0xFE

    private(set) var tokens: [UInt8] = []

    init(exactly text: some Sequence<UInt8>) { tokens = Array(text) }

    /// `*` and `?` are wildcards. A run of both is put in order, `?` first: so a `*` is always followed by a literal.
    init(wildcards text: some Sequence<UInt8>) { append(wildcards: text) }

    mutating func append(wildcards text: some Sequence<UInt8>) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "*"):
                if tokens.last != PatternText.anyRun { tokens.append(PatternText.anyRun) }
            case UInt8(ascii: "?"):
                let place = tokens.last == PatternText.anyRun ? tokens.count - 1 : tokens.count
                tokens.insert(PatternText.anyCharacter, at: place)
            default: tokens.append(byte)
            }
        }
    }

    mutating func append(literal byte: UInt8) { tokens.append(byte) }

    static func isWildcard(_ token: UInt8) -> Bool { token >= anyCharacter }
}
