/// Where a pattern's tokens stand in the table, and the shortest way to match them.
struct Pattern: Sendable {
    enum Kind: UInt8, Sendable {
        /// No wildcard.
        case exact
        /// Literals around one `*`; either may be empty.
        case affixes
        /// Everything else, between a literal prefix and a literal suffix.
        case general
    }

    static let probeLength = 8

    /// The last eight bytes of the literal prefix, if it is that long: patterns of one API begin alike, and differ here.
    var probe: UInt64 = 0
    /// Offset and length of the tokens in ``PatternTable/bytes``.
    var offset: UInt32
    var length: UInt32
    /// How many literal bytes stand before the first wildcard, and behind the last.
    var prefix: UInt32
    var suffix: UInt32
    var kind: Kind

    init(_ text: PatternText, offset: Int) {
        let tokens = text.tokens
        let first = tokens.firstIndex(where: PatternText.isWildcard)
        let last = tokens.lastIndex(where: PatternText.isWildcard)
        self.offset = UInt32(offset)
        length = UInt32(tokens.count)
        prefix = UInt32(first ?? tokens.count)
        suffix = UInt32(last.map { tokens.count - 1 - $0 } ?? 0)
        if let first, let last {
            kind = first == last && tokens[first] == PatternText.anyRun ? .affixes : .general
        } else {
            kind = .exact
        }
        if prefix >= Pattern.probeLength {
            probe = tokens.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: Int(prefix) - Pattern.probeLength, as: UInt64.self)
            }
        }
    }
}

/// A run of patterns in the table: alternatives.
struct PatternRange: Sendable {
    var start: UInt32 = 0
    var count: UInt32 = 0
}

/// All patterns of a policy, their bytes in one piece of memory.
struct PatternTable: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var patterns: [Pattern] = []

    mutating func add(_ alternatives: [PatternText]) -> PatternRange {
        let range = PatternRange(start: UInt32(patterns.count), count: UInt32(alternatives.count))
        for text in alternatives {
            patterns.append(Pattern(text, offset: bytes.count))
            bytes += text.tokens
        }
        return range
    }

    @inline(__always)
    func withView<Result>(_ body: (PatternView) -> Result) -> Result {
        bytes.withUnsafeBytes { bytes in
            patterns.withUnsafeBufferPointer { body(PatternView(bytes: bytes, patterns: $0)) }
        }
    }
}
