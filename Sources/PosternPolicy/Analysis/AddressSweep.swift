/// The address line cut at every bound of every network: one pass from the lowest address to the highest, in which each
/// predicate is switched at its bounds only. An interval's clauses are known by a sum of 128 random bits for each clause,
/// so that only classes not seen before are written out.
struct AddressSweep {
    private struct Sum: Hashable {
        var high: UInt64 = 0
        var low: UInt64 = 0

        mutating func toggle(_ other: Sum) {
            high ^= other.high
            low ^= other.low
        }
    }

    /// Where IPv4 addresses stand; no IPv6 network holds them.
    static let v4 = (IPAddress.mappedPrefix << 32)...(IPAddress.mappedPrefix << 32 | 0xFFFF_FFFF)

    static func fill(_ builder: inout DimensionBuilder) throws(AnalysisLimit) {
        try builder.add(Atom(value: .absent), .absent)
        var bounds: [(at: UInt128, predicate: Int)] = []
        /// Those that hold outcomes other than by networks (`Null`) never match.
        for (number, predicate) in builder.predicates.enumerated() {
            guard case .addresses(let networks) = predicate.test,
                predicate.outcome.matched != predicate.outcome.unmatched
            else { continue }
            for range in networks.ranges {
                bounds.append((range.lowerBound, number))
                if range.upperBound != .max { bounds.append((range.upperBound + 1, number)) }
            }
        }
        for edge in [0, v4.lowerBound, v4.upperBound + 1] { bounds.append((edge, -1)) }
        bounds.sort { $0.at < $1.at }

        var clauses = builder.clauses(.matched([]))
        var failures = [Int](repeating: 0, count: clauses.words.count * 64)
        for (number, predicate) in builder.predicates.enumerated() where !predicate.outcome.unmatched {
            failures[builder.owners[number]] += 1
        }
        var isMatched = [Bool](repeating: false, count: builder.predicates.count)
        let tokens = AddressSweep.tokens(failures.count)
        var sum = Sum()
        var atoms: [[Atom]] = []
        var sets: [BitSet] = []
        var classes: [Sum: Int] = [:]
        var index = 0
        while index < bounds.count {
            let start = bounds[index].at
            while index < bounds.count, bounds[index].at == start {
                let number = bounds[index].predicate
                index += 1
                guard number >= 0 else { continue }
                let clause = builder.owners[number]
                isMatched[number].toggle()
                failures[clause] += isMatched[number] == builder.predicates[number].outcome.matched ? -1 : 1
                let holds = failures[clause] == 0
                if holds != clauses[clause] {
                    clauses[clause] = holds
                    sum.toggle(tokens[clause])
                }
            }
            let end = index < bounds.count ? bounds[index].at - 1 : UInt128.max
            let atom = Atom(value: .addresses(start...end))
            if let known = classes[sum] {
                atoms[known].append(atom)
            } else {
                guard atoms.count * clauses.words.count < AnalysisLimit.words else {
                    throw AnalysisLimit("classes of addresses", atoms.count)
                }
                classes[sum] = atoms.count
                atoms.append([atom])
                sets.append(clauses)
            }
        }
        for (atoms, set) in zip(atoms, sets) { try builder.add(atoms, set) }
    }

    /// Random enough that two different sets of clauses have one sum once in 10³⁸ pairs.
    private static func tokens(_ count: Int) -> [Sum] {
        var random = SystemRandomNumberGenerator()
        return (0..<count).map { _ in Sum(high: random.next(), low: random.next()) }
    }
}

extension CIDRSet {
    /// The ranges on one line of 128 bits, IPv4 in its mapped place and cut out of the IPv6 ranges around it.
    var ranges: [ClosedRange<UInt128>] {
        let base = AddressSweep.v4.lowerBound
        var ranges = zip(lower4, upper4).map { (base | UInt128($0))...(base | UInt128($1)) }
        for (lower, upper) in zip(lower6, upper6) {
            let v4 = AddressSweep.v4
            guard lower <= v4.upperBound, upper >= v4.lowerBound else {
                ranges.append(lower...upper)
                continue
            }
            if lower < v4.lowerBound { ranges.append(lower...(v4.lowerBound - 1)) }
            if upper > v4.upperBound { ranges.append((v4.upperBound + 1)...upper) }
        }
        return ranges
    }
}
