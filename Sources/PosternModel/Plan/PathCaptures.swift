/// Where each path parameter's value stands in the path that was routed: offsets, no copies, no allocation.
///
/// Captures keep their place from the left, so capture `n` is the route's `parameterNames[n]`. Values are raw bytes,
/// not percent-decoded; a greedy value keeps its inner slashes and has no leading or trailing one.
package struct PathCaptures: Sendable {
    package static let capacity = ResourcePath.mostParameters

    package private(set) var count = 0
    private var offsets = InlineArray<16, UInt32>(repeating: 0)
    private var lengths = InlineArray<16, UInt32>(repeating: 0)

    package init() {}

    /// The byte range of capture `index` in the path.
    package subscript(index: Int) -> Range<Int> {
        precondition(index < count)
        let offset = Int(offsets[index])
        return offset..<(offset + Int(lengths[index]))
    }

    mutating func removeAll() { count = 0 }

    mutating func append(_ range: Range<Int>) {
        precondition(count < PathCaptures.capacity)  // ResourcePath has no more parameters
        offsets[count] = UInt32(truncatingIfNeeded: range.lowerBound)
        lengths[count] = UInt32(truncatingIfNeeded: range.count)
        count += 1
    }
}
