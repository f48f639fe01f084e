/// What requests can ask for, as the partition of resources knows it: methods of routes in stages, or, without an API,
/// methods alone.
struct AccessRoutes {
    struct Served: Hashable {
        /// nil: any.
        var stage: Int?
        var method: Int
        /// nil: any path.
        var route: Int?
    }

    let scope: PolicyScope
    let routes: AnalysedRoutes?
    private(set) var served: [Served] = []
    /// Every pattern of a resource, as an author would write it.
    private(set) var patterns: [String] = []

    init(scope: PolicyScope, routes: AnalysedRoutes?) {
        self.scope = scope
        self.routes = routes
    }

    /// Fills in all classes of resources.
    mutating func fill(_ builder: inout DimensionBuilder) throws(AnalysisLimit) {
        let (patterns, users) = builder.distinctPatterns
        self.patterns = patterns.map(\.text)
        let automaton = PatternAutomaton(patterns)
        var places: [Served: Int] = [:]
        for (language, stage, method) in languages(automaton.literals) {
            for found in try TextPartition.classes(automaton, in: language) {
                let place = Served(
                    stage: stage, method: method ?? found.label, route: method == nil ? nil : found.label)
                if places[place] == nil {
                    places[place] = served.count
                    served.append(place)
                }
                var atom = Atom(value: .resource(found.witness), route: places[place])
                atom.patterns = found.accepted
                try builder.add(atom, .matched(Set(found.accepted.flatMap { users[$0] }).sorted()))
            }
        }
    }

    private func languages(
        _ literals: Set<Unicode.Scalar>
    ) -> [(language: ResourceLanguage, stage: Int?, method: Int?)] {
        guard let routes else { return [(ResourceLanguage(scope: scope, literals: literals), nil, nil)] }
        let tree = RouteTree(routes.routes)
        return routes.stages.indices.flatMap { stage in
            AnalysedRoutes.methods.indices.map { method in
                let language = ResourceLanguage(
                    scope: scope, stage: routes.stages[stage], method: method, tree: tree, literals: literals)
                return (language, stage, method)
            }
        }
    }
}
