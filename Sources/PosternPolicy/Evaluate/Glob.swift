/// Matches bytes against the tokens of a ``Template`` whose variables are filled in.
enum Glob {
    /// Greedy, with the last `*` remembered: at most tokens × bytes steps.
    static func matches(_ tokens: [UInt16], _ text: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        var token = 0
        var retry: (token: Int, position: Int)?
        while true {
            if token < tokens.count, tokens[token] == Template.anyRun {
                token += 1
                retry = (token, position)
                continue
            }
            if position < text.count, token < tokens.count {
                let wanted = tokens[token]
                if wanted == Template.anyCharacter {
                    position += characterLength(text, at: position)
                    token += 1
                    continue
                }
                if wanted == UInt16(text[position]) {
                    position += 1
                    token += 1
                    continue
                }
            } else if position == text.count, token == tokens.count {
                return true
            }
            guard let last = retry, last.position < text.count else { return false }
            let next = last.position + characterLength(text, at: last.position)
            retry = (last.token, next)
            position = next
            token = last.token
        }
    }

    /// The bytes of the character at `position`: `?` stands for a character, not for a byte. A byte that begins no
    /// character of UTF-8 counts as one.
    static func characterLength(_ text: UnsafeRawBufferPointer, at position: Int) -> Int {
        let announced =
            switch text[position] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        var length = 1
        while length < announced, position + length < text.count, text[position + length] & 0xC0 == 0x80 { length += 1 }
        return length
    }

    /// Whether two texts are equal without regard to case: by the scalars' lower-case forms, or, if one of them is no UTF-8,
    /// byte by byte with ASCII's: repairing it would make different bytes equal.
    static func equalIgnoringCase(_ tokens: [UInt16], _ text: UnsafeRawBufferPointer) -> Bool {
        if tokens.count == text.count,
            zip(tokens, text).allSatisfy({ asciiLowercase(UInt8($0)) == asciiLowercase($1) })
        {
            return true
        }
        if tokens.allSatisfy({ $0 < 0x80 }), text.allSatisfy({ $0 < 0x80 }) { return false }
        guard let left = String(validating: tokens.map { UInt8($0) }, as: UTF8.self),
            let right = String(validating: text, as: UTF8.self)
        else { return false }
        return left.lowercased().unicodeScalars.elementsEqual(right.lowercased().unicodeScalars)
    }

    private static func asciiLowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
