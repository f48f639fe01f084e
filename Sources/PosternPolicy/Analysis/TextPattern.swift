/// A condition's text as an automaton reads it, character by character.
enum TextPattern: Hashable {
    enum Token: Hashable {
        case literal(Unicode.Scalar)
        /// `?`; in the first five segments of an ARN no colon.
        case anyCharacter(exceptColon: Bool)
        /// `*`
        case anyRun(exceptColon: Bool)
    }

    case glob([Token])
    /// Lower-case scalars that a text's own lower-case form must equal.
    case caseless([Unicode.Scalar])

    /// Tokens of a pattern table: literal bytes of UTF-8 between wildcards.
    init(tokens: some Sequence<UInt8>) {
        self.init(
            template: tokens.map { token in
                switch token {
                case PatternText.anyRun: Template.anyRun
                case PatternText.anyCharacter: Template.anyCharacter
                default: UInt16(token)
                }
            })
    }

    /// A template without variables.
    init(template tokens: [UInt16]) { self = .glob(TextPattern.glob(tokens, exceptColon: false)) }

    /// An ARN in its six segments, without variables.
    init(arn segments: [Template]) {
        var tokens: [Token] = []
        for (index, segment) in segments.enumerated() {
            if index > 0 { tokens.append(.literal(":")) }
            tokens += TextPattern.glob(segment.tokens, exceptColon: index < 5)
        }
        self = .glob(tokens)
    }

    /// nil if the text holds the character that stands for broken UTF-8, which such a comparison cannot tell apart.
    init?(caseless template: Template) {
        let text = String(decoding: template.tokens.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
        guard !text.unicodeScalars.contains("\u{FFFD}") else { return nil }
        self = .caseless(Array(text.lowercased().unicodeScalars))
    }

    private static func glob(_ tokens: [UInt16], exceptColon: Bool) -> [Token] {
        var result: [Token] = []
        var literal: [UInt8] = []
        func flush() {
            result += String(decoding: literal, as: UTF8.self).unicodeScalars.map { .literal($0) }
            literal = []
        }
        for token in tokens {
            switch token {
            case Template.anyRun:
                flush()
                if result.last != .anyRun(exceptColon: exceptColon) { result.append(.anyRun(exceptColon: exceptColon)) }
            case Template.anyCharacter:
                flush()
                result.append(.anyCharacter(exceptColon: exceptColon))
            default: literal.append(UInt8(truncatingIfNeeded: token))
            }
        }
        flush()
        return result
    }

    /// The one text that it matches, if it has no wildcard and regards case.
    var literal: String? {
        guard case .glob(let tokens) = self else { return nil }
        var text = String.UnicodeScalarView()
        for token in tokens {
            guard case .literal(let scalar) = token else { return nil }
            text.append(scalar)
        }
        return String(text)
    }

    /// As an author would write it.
    var text: String {
        switch self {
        case .caseless(let scalars): return TextPattern.text(scalars)
        case .glob(let tokens):
            return tokens.map { token in
                switch token {
                case .literal(let scalar): String(scalar)
                case .anyCharacter: "?"
                case .anyRun: "*"
                }
            }.joined()
        }
    }

    private static func text(_ scalars: [Unicode.Scalar]) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }
}
