/// Counters by identity whose places never move while something in progress refers to them.
///
/// A plan numbers its routes from zero; a slot belongs to a route's identity and outlives plans. A route that stays
/// keeps its slot, so its counters never go backwards. A route that goes keeps its slot over that reload
/// and until the last request on it is finished (word 0 counts those), so that nothing is counted for a stranger; a
/// route that comes back in that time continues. So there are at most as many slots as routes of two plans and
/// requests in progress.
final class StableSlots<Identity: Hashable & Sendable> {
    private let stride: Int
    private var words: UnsafeMutablePointer<Int>
    private var capacity: Int
    /// Who holds each slot; nil is free.
    private var holders: [Identity?] = []
    private var slots: [Identity: Int] = [:]
    /// Slots that the last reload took out of use.
    private var retired: [Int] = []
    private var free: [Int] = []
    /// The slot of each index of the current plan.
    private var slotOfIndex: [Int] = []

    init(stride: Int, capacity: Int = 16) {
        self.stride = stride
        self.capacity = capacity
        words = .allocate(capacity: capacity * stride)
        words.initialize(repeating: 0, count: capacity * stride)
    }

    deinit { words.deallocate() }

    /// How many slots are held.
    var count: Int { slots.count }

    /// The slot of the identity that stands at `index` in the list given last.
    @inline(__always)
    func slot(at index: Int) -> Int { slotOfIndex[index] }

    /// The words of a slot.
    @inline(__always)
    func row(_ slot: Int) -> UnsafeMutablePointer<Int> { words + slot &* stride }

    /// Makes `identities` the current list. Off the request path: costs a hash of each.
    func resize(to identities: [Identity]) {
        let wanted = Set(identities)
        var leaving: [Int] = []
        for (identity, slot) in slots where !wanted.contains(identity) { leaving.append(slot) }
        let before = Set(retired)
        for slot in leaving where before.contains(slot) && row(slot)[0] == 0 { release(slot) }
        retired = leaving.filter { holders[$0] != nil }
        slotOfIndex = identities.map { slots[$0] ?? hold($0) }
    }

    func table() -> SlotTable<Identity> {
        var table = SlotTable<Identity>(stride: stride)
        for (slot, holder) in holders.enumerated() {
            if let holder { table.append(holder, UnsafeBufferPointer(start: row(slot), count: stride)) }
        }
        return table
    }

    /// The sum of each of these words over all slots held. Costs a pass over them and no copy.
    func totals(_ range: Range<Int>) -> [Int] {
        var sums = [Int](repeating: 0, count: range.count)
        for (slot, holder) in holders.enumerated() where holder != nil {
            let row = row(slot)
            for (index, word) in range.enumerated() { sums[index] &+= row[word] }
        }
        return sums
    }

    private func hold(_ identity: Identity) -> Int {
        let slot: Int
        if let last = free.popLast() {
            slot = last
            holders[slot] = identity
        } else {
            slot = holders.count
            holders.append(identity)
            if holders.count > capacity { grow() }
        }
        slots[identity] = slot
        return slot
    }

    private func release(_ slot: Int) {
        if let identity = holders[slot] { slots[identity] = nil }
        holders[slot] = nil
        row(slot).update(repeating: 0, count: stride)
        free.append(slot)
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Int>.allocate(capacity: capacity * 2 * stride)
        larger.initialize(repeating: 0, count: capacity * 2 * stride)
        larger.update(from: words, count: capacity * stride)
        words.deallocate()
        words = larger
        capacity *= 2
    }
}
