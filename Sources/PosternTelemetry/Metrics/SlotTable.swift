/// Rows of counters by identity, copied out of a loop's slots. A plain value.
package struct SlotTable<Identity: Hashable & Sendable>: Sendable, Equatable {
    package private(set) var identities: [Identity] = []
    private var words: [Int] = []
    private let stride: Int

    init(stride: Int) { self.stride = stride }

    /// The word at `word` of row `row`.
    subscript(row: Int, word: Int) -> Int { words[row * stride + word] }

    func sum(_ row: Int, _ range: Range<Int>) -> Int {
        range.reduce(0) { $0 &+ self[row, $1] }
    }

    mutating func append(_ identity: Identity, _ row: UnsafeBufferPointer<Int>) {
        identities.append(identity)
        words.append(contentsOf: row.prefix(stride))
    }

    /// Adds the rows of another loop; loops may be at different plans for a moment.
    package mutating func merge(_ other: SlotTable) {
        if identities == other.identities {
            for index in words.indices { words[index] &+= other.words[index] }
            return
        }
        var rows = Dictionary(zip(identities, identities.indices), uniquingKeysWith: { first, _ in first })
        for (source, identity) in other.identities.enumerated() {
            let row: Int
            if let known = rows[identity] {
                row = known
            } else {
                row = identities.count
                rows[identity] = row
                identities.append(identity)
                words.append(contentsOf: repeatElement(0, count: stride))
            }
            for word in 0..<stride { words[row * stride + word] &+= other.words[source * stride + word] }
        }
    }
}
