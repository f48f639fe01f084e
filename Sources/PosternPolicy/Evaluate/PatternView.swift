/// Matches texts against the patterns of a policy. Nothing here allocates, and nothing is kept of a text.
struct PatternView {
    let bytes: UnsafeRawBufferPointer
    let patterns: UnsafeBufferPointer<Pattern>

    /// Whether one of the alternatives matches the whole text.
    @inline(__always)
    func matches(_ range: PatternRange, _ text: UnsafeRawBufferPointer) -> Bool {
        let start = Int(range.start)
        for index in start..<start &+ Int(range.count) where matches(patterns[index], text) { return true }
        return false
    }

    /// Turns away most patterns that do not match by their length and one comparison of eight bytes.
    @inline(__always)
    private func matches(_ pattern: Pattern, _ text: UnsafeRawBufferPointer) -> Bool {
        let prefix = Int(pattern.prefix)
        guard text.count >= prefix &+ Int(pattern.suffix) else { return false }
        if prefix >= Pattern.probeLength {
            let probed = text.loadUnaligned(fromByteOffset: prefix &- Pattern.probeLength, as: UInt64.self)
            guard probed == pattern.probe else { return false }
        }
        return matchesFully(pattern, text)
    }

    /// The text is known to be as long as prefix and suffix together.
    @inline(never)
    private func matchesFully(_ pattern: Pattern, _ text: UnsafeRawBufferPointer) -> Bool {
        let prefix = Int(pattern.prefix)
        let suffix = Int(pattern.suffix)
        let offset = Int(pattern.offset)
        let end = offset + Int(pattern.length)
        guard equal(text, 0, offset, prefix), equal(text, text.count - suffix, end - suffix, suffix) else {
            return false
        }
        switch pattern.kind {
        case .exact: return text.count == prefix
        case .affixes: return true
        case .general: return matchesWildcards(text, from: prefix, tokens: offset + prefix..<end, suffix: suffix)
        }
    }

    /// Whether `count` bytes of the text equal as many of the table.
    @inline(__always)
    private func equal(_ text: UnsafeRawBufferPointer, _ textOffset: Int, _ offset: Int, _ count: Int) -> Bool {
        var index = 0
        while index &+ 8 <= count {
            let left = text.loadUnaligned(fromByteOffset: textOffset &+ index, as: UInt64.self)
            let right = bytes.loadUnaligned(fromByteOffset: offset &+ index, as: UInt64.self)
            guard left == right else { return false }
            index &+= 8
        }
        while index < count {
            guard text[textOffset &+ index] == bytes[offset &+ index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Matches `text[from...]`, which ends in the literal suffix, against tokens, greedily.
    ///
    /// Only the last `*` is remembered: the leftmost match of what stands between two of them leaves the most text for
    /// the rest, so an earlier one never has to be tried again, and the steps are at most tokens × bytes. A `*` is
    /// followed by a literal (see ``PatternText``), so every retry begins where that literal stands; characters of
    /// several bytes never begin with one in the middle of another.
    private func matchesWildcards(
        _ text: UnsafeRawBufferPointer, from start: Int, tokens: Range<Int>, suffix: Int
    ) -> Bool {
        let count = text.count
        let end = tokens.upperBound
        var position = start
        var token = tokens.lowerBound
        /// The token behind the last `*`, and where it was last tried; before the first `*` there is no retry.
        var retry = (token: -1, position: 0)
        while true {
            if token < end {
                let wanted = bytes[token]
                if wanted == PatternText.anyRun {
                    token &+= 1
                    if token == end &- suffix { return count &- position >= suffix }
                    retry = (token, position)
                } else if position == count {
                    return false
                } else if wanted == PatternText.anyCharacter {
                    position &+= Glob.characterLength(text, at: position)
                    token &+= 1
                    continue
                } else if wanted == text[position] {
                    position &+= 1
                    token &+= 1
                    continue
                } else {
                    guard retry.token >= 0 else { return false }
                    retry.position &+= 1
                }
            } else {
                if position == count { return true }
                guard retry.token >= 0 else { return false }
                retry.position &+= 1
            }
            let literal = bytes[retry.token]
            while retry.position < count, text[retry.position] != literal { retry.position &+= 1 }
            guard retry.position < count else { return false }
            token = retry.token
            position = retry.position
        }
    }
}
