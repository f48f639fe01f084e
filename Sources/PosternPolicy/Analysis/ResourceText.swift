/// Classes of resources in words: whole routes where all of a route's paths are meant, patterns where some are.
struct ResourceText {
    private let routes: AccessRoutes

    init(_ routes: AccessRoutes) { self.routes = routes }

    func describe(all chosen: [Dimension.Class], of whole: [Dimension.Class]) -> [String] {
        let chosenAtoms = chosen.flatMap(\.atoms)
        let wholeAtoms = whole.flatMap(\.atoms)
        let counts = counts(wholeAtoms)
        let chosenCounts = self.counts(chosenAtoms)
        let full = Set(routes.served.indices.filter { counts[$0] > 0 && counts[$0] == chosenCounts[$0] })
        let partial = routes.served.indices.filter { !full.contains($0) && chosenCounts[$0] > 0 }
        var chosenOf: [Int: [Atom]] = [:]
        for atom in chosenAtoms { chosenOf[atom.route ?? 0, default: []].append(atom) }
        var wholeOf: [Int: [Atom]] = [:]
        for atom in wholeAtoms { wholeOf[atom.route ?? 0, default: []].append(atom) }
        return describe(full) + join(partial.map { ($0, parts(chosenOf[$0]!, of: wholeOf[$0]!)) })
    }

    private func counts(_ atoms: [Atom]) -> [Int] {
        var counts = [Int](repeating: 0, count: routes.served.count)
        for atom in atoms { if let route = atom.route { counts[route] += 1 } }
        return counts
    }

    // MARK: Whole routes

    private func describe(_ full: Set<Int>) -> [String] {
        if full.isEmpty { return [] }
        guard let api = routes.routes else {
            if full.count == routes.served.count { return ["any path"] }
            return full.sorted().map { "\(AnalysedRoutes.methods[routes.served[$0].method]) any path" }
        }
        if full.count == routes.served.count { return ["every route"] }
        return api.stages.indices.flatMap { stage in
            let served = routes.served.indices.filter { routes.served[$0].stage == stage }
            let chosen = served.filter(full.contains)
            if chosen.isEmpty { return [String]() }
            if chosen.count == served.count { return ["every route of stage \(api.stages[stage])"] }
            return api.routes.indices.flatMap { route -> [String] in
                let own = served.filter { routes.served[$0].route == route }
                let meant = own.filter(full.contains)
                let path = "/\(api.stages[stage])\(api.routes[route].pathText)"
                if meant.isEmpty { return [] }
                if meant.count == own.count { return ["\(api.routes[route].verb) \(path)"] }
                return meant.map { "\(AnalysedRoutes.methods[routes.served[$0].method]) \(path)" }
            }
        }
    }

    // MARK: Some paths of a route

    /// Some of a route's classes in words that hold for just these: patterns, or all paths, but for other patterns. What has
    /// no such name is told by an example.
    private func parts(_ chosen: [Atom], of whole: [Atom]) -> [String] {
        let isChosen = Set(chosen.map(\.example))
        var matched: [Int: [Int]] = [:]
        for (index, atom) in whole.enumerated() {
            for pattern in atom.patterns { matched[pattern, default: []].append(index) }
        }
        /// Patterns that match none of the chosen classes.
        let excluded = matched.filter { !$0.value.contains { isChosen.contains(whole[$0].example) } }
        var isTold: Set<String> = []
        var parts: [String] = []
        func tell(_ classes: [Int], _ name: String) {
            let own = classes.map { whole[$0].example }.filter(isChosen.contains)
            guard own.contains(where: { !isTold.contains($0) }) else { return }
            var missing = Set(classes.filter { !isChosen.contains(whole[$0].example) })
            var names: [String] = []
            for (pattern, classes) in excluded.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
                let before = missing.count
                missing.subtract(classes)
                if missing.count < before { names.append(shorthand(routes.patterns[pattern])) }
            }
            guard missing.isEmpty else { return }
            isTold.formUnion(own)
            let but = names.isEmpty ? "" : "but not in \(names.joined(separator: ", "))"
            parts.append([name, but].filter { !$0.isEmpty }.joined(separator: " "))
        }
        tell(Array(whole.indices), "")
        for (pattern, classes) in matched.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) })
        where excluded[pattern] == nil {
            tell(classes, "in \(shorthand(routes.patterns[pattern]))")
        }
        if let example = chosen.map(\.example).first(where: { !isTold.contains($0) }) {
            parts.append("in part, such as \(shorthand(example))")
        }
        return parts
    }

    private struct Place: Hashable {
        var stage: Int?
        var route: Int?
        var part: String
    }

    /// What is said alike of several methods is one line.
    private func join(_ parts: [(served: Int, parts: [String])]) -> [String] {
        var order: [Place] = []
        var methods: [Place: [Int]] = [:]
        for (number, parts) in parts {
            let served = routes.served[number]
            for part in parts {
                let place = Place(stage: served.stage, route: served.route, part: part)
                if methods[place] == nil { order.append(place) }
                methods[place, default: []].append(served.method)
            }
        }
        return order.map { place in
            let methods = methods[place]!
            let verb =
                methods.count == AnalysedRoutes.methods.count
                ? "ANY" : methods.sorted().map { AnalysedRoutes.methods[$0] }.joined(separator: "|")
            guard let api = routes.routes, let stage = place.stage, let route = place.route else {
                return "\(verb) \(place.part)"
            }
            return "\(verb) /\(api.stages[stage])\(api.routes[route].pathText) \(place.part)"
        }
    }

    private func shorthand(_ resource: String) -> String {
        let own = "\(routes.scope.apiID)/"
        return resource.hasPrefix(own) ? "execute-api:/" + resource.dropFirst(own.count) : resource
    }
}

extension Atom {
    /// The resource that stands for a class of resources.
    fileprivate var example: String { if case .resource(let text) = value { text } else { "" } }
}
