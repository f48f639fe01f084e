/// The finite partition of all requests that some clauses induce: for each fact they ask about, its values in classes that
/// no clause tells apart. Whatever holds for one request of a combination of classes holds for all of them.
struct PolicyPartition {
    /// In the order of ``Fact/rank``.
    var dimensions: [Dimension]
    var clauses: [Clause]
    var routes: AccessRoutes

    /// - Parameter withResources: whether resources are told apart even if no clause asks about them.
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
}
