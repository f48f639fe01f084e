/// A set of small numbers out of a range known beforehand.
struct BitSet: Hashable {
    private(set) var words: [UInt64]

    init(count: Int, full: Bool = false) {
        words = Array(repeating: full ? .max : 0, count: (count + 63) / 64)
        if full, count % 64 != 0 { words[words.count - 1] = (1 << UInt64(count % 64)) - 1 }
    }

    init(count: Int, _ members: some Sequence<Int>) {
        self.init(count: count)
        for member in members { self[member] = true }
    }

    subscript(member: Int) -> Bool {
        get { words[member >> 6] >> UInt64(member & 63) & 1 == 1 }
        set {
            let bit: UInt64 = 1 << UInt64(member & 63)
            if newValue { words[member >> 6] |= bit } else { words[member >> 6] &= ~bit }
        }
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    func intersects(_ other: BitSet) -> Bool {
        for index in words.indices where words[index] & other.words[index] != 0 { return true }
        return false
    }

    mutating func formIntersection(_ other: BitSet) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    func intersection(_ other: BitSet) -> BitSet {
        var result = self
        result.formIntersection(other)
        return result
    }

    mutating func formUnion(_ other: BitSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// In ascending order.
    var members: [Int] {
        var members: [Int] = []
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                members.append(index << 6 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return members
    }
}
