/// Finds the name that an author probably meant, for the hint of an error.
package enum NearestName {
    /// Names longer than this are not compared; the cost grows with the square of the length.
    private static let maximumLength = 64

    /// The candidate with the fewest edits (insert, delete, replace, swap neighbours; case aside) from `name`.
    ///
    /// - Returns: nil if even the nearest is further than a third of its length away.
    package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        let written = Array(asciiLowercased(name).utf8)
        guard !written.isEmpty, written.count <= maximumLength else { return nil }
        var best: (name: String, edits: Int)?
        for candidate in candidates {
            let edits = distance(written, Array(asciiLowercased(candidate).utf8))
            guard edits <= max(1, candidate.utf8.count / 3), edits < best?.edits ?? Int.max else { continue }
            best = (candidate, edits)
        }
        return best?.name
    }

    /// Optimal string alignment distance, three rows at a time.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var edits = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { edits = min(edits, beforeLast[j - 1] + 1) }
                row.append(edits)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}

/// Lower case for `A` to `Z` only. Names of the language are ASCII, and Unicode's mapping would let look-alikes
/// (U+212A KELVIN SIGN for `k`) pass for them.
func asciiLowercased(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }) else { return text }
    return String(
        decoding: text.utf8.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }, as: UTF8.self)
}
