/// Sorted byte strings, each with a number, in two flat arrays: found by binary search without touching a `String`.
package struct ByteTable: Sendable {
    private struct Entry: Sendable {
        var offset: Int32
        var length: Int32
        var number: Int32
    }

    private let entries: [Entry]
    private let bytes: [UInt8]

    /// Several tables in one: the keys of group `g` stand in the returned range `g`, sorted.
    static func grouped(_ groups: [[(key: String, number: Int)]]) -> (table: ByteTable, ranges: [Range<Int>]) {
        var entries: [Entry] = []
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for group in groups {
            let start = entries.count
            let sorted = group.map { (key: Array($0.key.utf8), number: $0.number) }
                .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (key, number) in sorted {
                entries.append(Entry(offset: Int32(bytes.count), length: Int32(key.count), number: Int32(number)))
                bytes += key
            }
            ranges.append(start..<entries.count)
        }
        return (ByteTable(entries: entries, bytes: bytes), ranges)
    }

    private init(entries: [Entry], bytes: [UInt8]) {
        self.entries = entries
        self.bytes = bytes
    }

    package init(_ names: [String]) {
        self = ByteTable.grouped([names.enumerated().map { (key: $0.element, number: $0.offset) }]).table
    }

    package var count: Int { entries.count }

    /// The number of the entry that equals `key`, byte for byte.
    package func number(of key: Span<UInt8>) -> Int? { number(of: key, within: 0..<entries.count) }

    /// - parameter range: the entries to look at, from ``grouped(_:)``.
    func number(of key: Span<UInt8>, within range: Range<Int>) -> Int? {
        search(range) { order(key, $0) { $0 } }
    }

    /// As ``number(of:)``, with `A` to `Z` in `key` taken for `a` to `z`; the entries are lower case.
    package func number(ofCaseless key: Span<UInt8>) -> Int? {
        search(0..<entries.count) { order(key, $0) { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 } }
    }

    @inline(__always)
    private func search(_ range: Range<Int>, _ order: (Entry) -> Int) -> Int? {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low &+ high) >> 1
            let entry = entries[middle]
            let order = order(entry)
            if order == 0 { return Int(entry.number) }
            if order < 0 { high = middle } else { low = middle &+ 1 }
        }
        return nil
    }

    /// Negative when `key` stands before the entry, zero when they are equal.
    @inline(__always)
    private func order(_ key: Span<UInt8>, _ entry: Entry, _ folded: (UInt8) -> UInt8) -> Int {
        let offset = Int(entry.offset)
        let length = Int(entry.length)
        for index in 0..<min(key.count, length) {
            let difference = Int(folded(key[index])) &- Int(bytes[offset &+ index])
            if difference != 0 { return difference }
        }
        return key.count &- length
    }
}
