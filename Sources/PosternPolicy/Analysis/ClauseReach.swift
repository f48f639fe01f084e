/// What the clauses of one policy can come to over its partition.
struct ClauseReach {
    private struct Place: Hashable {
        var level: Int
        var clauses: BitSet
        var ties: Ties
    }

    let partition: PolicyPartition
    private let denies: BitSet
    /// By level, the clauses that no later fact is asked about by.
    private let settled: [BitSet]
    /// Of each dimension, the clauses that hold for all of its values.
    private let always: [BitSet]
    /// The denies that keep some callers out, or all of them.
    private var fences: [Int] = []

    init(_ partition: PolicyPartition) {
        self.partition = partition
        let count = partition.clauses.count
        denies = partition.denies
        always = partition.dimensions.map { dimension in
            dimension.classes.reduce(into: BitSet(count: count, full: true)) { $0.formIntersection($1.clauses) }
        }
        settled = partition.settled
        fences = denies.members.filter { canApply($0) && (asksCallers($0) || !asksFreely($0)) }
    }

    /// Whether some request meets it.
    func canApply(_ clause: Int) -> Bool {
        var reached: Set<Ties> = [[]]
        for dimension in partition.dimensions where dimension.asking[clause] || dimension.fact == .resource {
            var next: Set<Ties> = []
            for found in dimension.classes where found.clauses[clause] {
                for ties in reached where ties.union(found.ties).isPossible { next.insert(ties.union(found.ties)) }
            }
            reached = next
        }
        return !reached.isEmpty
    }

    /// Whether some request meets it and no deny. A comparison with variables counts as holding or not, whichever lets the
    /// clause decide.
    func isEverDecisive(_ clause: Int) throws(AnalysisLimit) -> Bool {
        var clauses = denies
        clauses[clause] = true
        var seen: Set<Place> = []
        var steps = 0
        return try search(clause, Place(level: 0, clauses: clauses, ties: []), &seen, &steps)
    }

    private func search(
        _ clause: Int, _ place: Place, _ seen: inout Set<Place>, _ steps: inout Int
    ) throws(AnalysisLimit) -> Bool {
        guard place.clauses[clause], !place.clauses.intersection(denies).intersects(settled[place.level]) else {
            return false
        }
        guard place.level < partition.dimensions.count else { return true }
        guard seen.insert(place).inserted else { return false }
        let dimension = partition.dimensions[place.level]
        for found in dimension.classes {
            steps += 1
            guard steps <= AnalysisLimit.cells else {
                throw AnalysisLimit("combinations of sources and routes", AnalysisLimit.cells)
            }
            let ties = place.ties.union(found.ties)
            guard found.clauses[clause], ties.isPossible else { continue }
            let next = Place(level: place.level + 1, clauses: place.clauses.intersection(found.clauses), ties: ties)
            if try search(clause, next, &seen, &steps) { return true }
        }
        return false
    }

    /// Whether an allow asks nothing of the caller that some caller fails, and no deny that asks about callers, or denies all,
    /// reaches all of its resources.
    func admitsEveryone(_ clause: Int) -> Bool {
        for (number, dimension) in partition.dimensions.enumerated() where !dimension.fact.isFree {
            guard always[number][clause] else { return false }
        }
        guard let resources = partition.dimensions.first(where: { $0.fact == .resource }) else { return false }
        return resources.classes.contains { found in
            found.clauses[clause] && !fences.contains { found.clauses[$0] }
        }
    }

    private func asksCallers(_ clause: Int) -> Bool {
        partition.dimensions.indices.contains { number in
            !partition.dimensions[number].fact.isFree && !always[number][clause]
        }
    }

    /// Whether it asks about what callers choose freely, beside the resource.
    private func asksFreely(_ clause: Int) -> Bool {
        partition.dimensions.contains { $0.fact.isFree && $0.fact != .resource && $0.asking[clause] }
    }
}
