/// Ranges of the address line as networks.
enum AddressText {
    /// The fewest networks that hold just these addresses; `IPv4 but …` where that is shorter.
    static func describe(_ ranges: [ClosedRange<UInt128>]) -> [String] {
        let v4 = AddressSweep.v4
        let joined = joined(ranges)
        let inV4 = joined.filter { v4.contains($0.lowerBound) }
        let below = joined.filter { $0.upperBound < v4.lowerBound }
        let above = joined.filter { $0.lowerBound > v4.upperBound }
        return describe(inV4, of: [v4], "IPv4", offset: 96)
            + describe(
                below + above, of: [0...(v4.lowerBound - 1), (v4.upperBound + 1)...UInt128.max], "IPv6", offset: 0)
    }

    private static func describe(
        _ ranges: [ClosedRange<UInt128>], of whole: [ClosedRange<UInt128>], _ family: String, offset: Int
    ) -> [String] {
        if ranges.isEmpty { return [] }
        if ranges == whole { return ["any \(family) address"] }
        let networks = ranges.flatMap { self.networks($0, offset) }
        let rest = gaps(ranges, in: whole).flatMap { self.networks($0, offset) }
        if rest.count < networks.count { return ["\(family) but \(rest.joined(separator: ", "))"] }
        return networks
    }

    private static func joined(_ ranges: [ClosedRange<UInt128>]) -> [ClosedRange<UInt128>] {
        var joined: [ClosedRange<UInt128>] = []
        let edges = [AddressSweep.v4.lowerBound, AddressSweep.v4.upperBound + 1]
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, last.upperBound + 1 == range.lowerBound, !edges.contains(range.lowerBound) {
                joined[joined.count - 1] = last.lowerBound...range.upperBound
            } else {
                joined.append(range)
            }
        }
        return joined
    }

    private static func gaps(
        _ ranges: [ClosedRange<UInt128>], in whole: [ClosedRange<UInt128>]
    ) -> [ClosedRange<UInt128>] {
        whole.flatMap { part in
            var gaps: [ClosedRange<UInt128>] = []
            var next = part.lowerBound
            for range in ranges where part.contains(range.lowerBound) {
                if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
                if range.upperBound == part.upperBound { return gaps }
                next = range.upperBound + 1
            }
            gaps.append(next...part.upperBound)
            return gaps
        }
    }

    /// Largest blocks first from the left.
    private static func networks(_ range: ClosedRange<UInt128>, _ offset: Int) -> [String] {
        var networks: [String] = []
        var start = range.lowerBound
        while true {
            var bits = start == 0 ? 128 : start.trailingZeroBitCount
            while bits > 0, bits == 128 || range.upperBound - start < (UInt128(1) << bits) - 1 { bits -= 1 }
            networks.append("\(IPAddress(bits: start))/\(128 - bits - offset)")
            let last = start + ((UInt128(1) << bits) - 1)
            if last >= range.upperBound { return networks }
            start = last + 1
        }
    }
}
