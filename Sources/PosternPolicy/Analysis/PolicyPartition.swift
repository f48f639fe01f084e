/// The finite partition of all requests that some clauses induce: for each fact they ask about, its values in classes that
/// no clause tells apart. Whatever holds for one request of a combination of classes holds for all of them.
struct PolicyPartition {
    /// In the order of ``Fact/rank``.
    var dimensions: [Dimension]
    var clauses: [Clause]
    var routes: AccessRoutes

    init(_ clauses: [Clause], scope: PolicyScope, routes: AnalysedRoutes?) throws(AnalysisLimit) {
        self.clauses = clauses
        self.routes = AccessRoutes(scope: scope, routes: routes)
        var parts: [Fact: [(clause: Int, predicate: Predicate)]] = [.resource: []]
        for (number, clause) in clauses.enumerated() {
            for part in clause.parts { parts[part.fact, default: []].append((number, part.predicate)) }
        }
        dimensions = []
        for fact in parts.keys.sorted(by: { ($0.rank, $0.title) < ($1.rank, $1.title) }) {
            var builder = DimensionBuilder(fact, parts[fact]!, clauseCount: clauses.count)
            if fact == .resource { try self.routes.fill(&builder) } else { try builder.fill() }
            dimensions.append(builder.dimension)
        }
    }

    /// The clauses that deny.
    var denies: BitSet { BitSet(count: clauses.count, clauses.indices.filter { clauses[$0].isDeny }) }

    /// For each dimension, and behind the last: the clauses that neither it nor a later one is asked about by.
    var settled: [BitSet] {
        var settled = [BitSet(count: clauses.count, full: true)]
        for dimension in dimensions.reversed() {
            var earlier = settled[0]
            for clause in dimension.asking.members { earlier[clause] = false }
            settled.insert(earlier, at: 0)
        }
        return settled
    }
}
