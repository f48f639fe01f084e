/// Walks the partition that two policies induce and keeps where they decide otherwise, as a decision diagram: fact by
/// fact, classes that come to the same are one branch.
struct AccessSearch {
    /// Whose clause it is.
    struct Side: OptionSet {
        let rawValue: UInt8
        static let old = Side(rawValue: 1)
        static let new = Side(rawValue: 2)
    }

    enum Outcome: Hashable {
        case same
        /// Now allowed by this clause; what refused it before, nil for want of an allow.
        case allowed(by: Int, before: Int?)
        /// Now refused by this clause, nil for want of an allow; what allowed it before.
        case denied(by: Int?, before: Int)
    }

    struct Branch: Hashable {
        var classes: [Int]
        var node: Int
    }

    enum Node: Hashable {
        case leaf(Outcome)
        /// Classes that are not listed come to no change.
        case branches(dimension: Int, [Branch])
    }

    private struct Place: Hashable {
        var level: Int
        var clauses: BitSet
        var ties: Ties
    }

    let partition: PolicyPartition
    private(set) var nodes: [Node] = [.leaf(.same)]
    private var known: [Node: Int] = [.leaf(.same): 0]
    private var visited: [Place: Int] = [:]
    private var steps = 0
    private let changed: BitSet
    private let oldSide: BitSet
    private let newSide: BitSet
    private let denies: BitSet
    /// By level, the clauses that no later fact is asked about by.
    private let settled: [BitSet]

    /// - Parameter sides: of each clause of the partition.
    init(_ partition: PolicyPartition, sides: [Side]) {
        self.partition = partition
        let count = partition.clauses.count
        changed = BitSet(count: count, sides.indices.filter { sides[$0] != [.old, .new] })
        oldSide = BitSet(count: count, sides.indices.filter { sides[$0].contains(.old) })
        newSide = BitSet(count: count, sides.indices.filter { sides[$0].contains(.new) })
        denies = partition.denies
        settled = partition.settled
    }

    /// - Returns: the root.
    mutating func run() throws(AnalysisLimit) -> Int {
        try visit(0, BitSet(count: partition.clauses.count, full: true), [])
    }

    private mutating func visit(_ level: Int, _ clauses: BitSet, _ ties: Ties) throws(AnalysisLimit) -> Int {
        guard clauses.intersects(changed) else { return 0 }
        let certain = clauses.intersection(settled[level]).intersection(denies)
        if certain.intersects(oldSide), certain.intersects(newSide) { return 0 }
        guard level < partition.dimensions.count else { return node(.leaf(outcome(clauses))) }
        let place = Place(level: level, clauses: clauses, ties: ties)
        if let known = visited[place] { return known }
        let result = try branch(place)
        visited[place] = result
        return result
    }

    private mutating func branch(_ place: Place) throws(AnalysisLimit) -> Int {
        let dimension = partition.dimensions[place.level]
        guard place.clauses.intersects(dimension.asking) else {
            return try visit(place.level + 1, place.clauses, place.ties)
        }
        var order: [Place] = []
        var groups: [Place: [Int]] = [:]
        var possible = 0
        for (number, found) in dimension.classes.enumerated() {
            steps += 1
            let ties = place.ties.union(found.ties)
            guard ties.isPossible else { continue }
            possible += 1
            let next = Place(
                level: place.level + 1, clauses: place.clauses.intersection(found.clauses), ties: ties)
            if groups[next] == nil { order.append(next) }
            groups[next, default: []].append(number)
        }
        guard steps <= AnalysisLimit.cells else {
            throw AnalysisLimit("combinations of sources and routes", AnalysisLimit.cells)
        }
        var branches: [(classes: [Int], node: Int)] = []
        var byNode: [Int: Int] = [:]
        for next in order {
            let reached = try visit(next.level, next.clauses, next.ties)
            if reached == 0 { continue }
            if let index = byNode[reached] {
                branches[index].classes += groups[next]!
            } else {
                byNode[reached] = branches.count
                branches.append((groups[next]!, reached))
            }
        }
        if branches.isEmpty { return 0 }
        if branches.count == 1, branches[0].classes.count == possible, possible == dimension.classes.count {
            return branches[0].node
        }
        return node(
            .branches(
                dimension: place.level, branches.map { Branch(classes: $0.classes.sorted(), node: $0.node) }))
    }

    private mutating func node(_ node: Node) -> Int {
        if let number = known[node] { return number }
        nodes.append(node)
        known[node] = nodes.count - 1
        return nodes.count - 1
    }

    private func outcome(_ clauses: BitSet) -> Outcome {
        let (wasDenied, wasAllowed) = deciding(clauses.intersection(oldSide))
        let (isDenied, isAllowed) = deciding(clauses.intersection(newSide))
        let before = wasDenied == nil ? wasAllowed : nil
        let after = isDenied == nil ? isAllowed : nil
        switch (before, after) {
        case (nil, let allow?): return .allowed(by: allow, before: wasDenied)
        case (let allow?, nil): return .denied(by: isDenied, before: allow)
        default: return .same
        }
    }

    /// The first clause of each effect.
    private func deciding(_ clauses: BitSet) -> (deny: Int?, allow: Int?) {
        var allow: Int?
        for clause in clauses.members {
            if partition.clauses[clause].isDeny { return (clause, nil) }
            if allow == nil { allow = clause }
        }
        return (nil, allow)
    }
}
