/// The addresses of any number of networks, as sorted disjoint ranges: a look-up is one binary search, whose cost grows
/// with the logarithm of the number of ranges. 100,000 IPv4 networks take 800 kB.
package struct CIDRSet: Sendable {
    /// Bounds in host order; range `n` is `lower4[n]...upper4[n]`. Neighbours that touch are one range.
    private(set) var lower4: [UInt32] = []
    private(set) var upper4: [UInt32] = []
    private(set) var lower6: [UInt128] = []
    private(set) var upper6: [UInt128] = []

    package init(_ cidrs: [CIDR]) {
        let ranges4 = cidrs.filter(\.isV4).map { ($0.network.v4!, $0.last.v4!) }
        let ranges6 = cidrs.filter { !$0.isV4 }.map { ($0.network.bits, $0.last.bits) }
        (lower4, upper4) = CIDRSet.disjoint(ranges4)
        (lower6, upper6) = CIDRSet.disjoint(ranges6)
    }

    /// Whether one of the networks holds the address. IPv6 networks hold no IPv4 address, nor the reverse.
    package func contains(_ address: IPAddress) -> Bool {
        guard let v4 = address.v4 else { return CIDRSet.find(address.bits, lower6, upper6) }
        return CIDRSet.find(v4, lower4, upper4)
    }

    /// How many ranges remain after overlapping and touching networks are joined.
    package var rangeCount: Int { lower4.count + lower6.count }

    private static func disjoint<Bits: FixedWidthInteger>(_ ranges: [(Bits, Bits)]) -> (lower: [Bits], upper: [Bits]) {
        var lower: [Bits] = []
        var upper: [Bits] = []
        for (first, last) in ranges.sorted(by: { $0.0 < $1.0 }) {
            if let previous = upper.last, previous == .max || first <= previous + 1 {
                upper[upper.count - 1] = max(previous, last)
            } else {
                lower.append(first)
                upper.append(last)
            }
        }
        return (lower, upper)
    }

    /// The last range that begins at or before `bits` is the only one that can hold it.
    private static func find<Bits: FixedWidthInteger>(_ bits: Bits, _ lower: [Bits], _ upper: [Bits]) -> Bool {
        var start = 0
        var end = lower.count
        while start < end {
            let middle = (start + end) / 2
            if lower[middle] <= bits { start = middle + 1 } else { end = middle }
        }
        return start > 0 && bits <= upper[start - 1]
    }
}
