import Testing

@testable import PosternPolicy

/// Holds the paths that the analysis gives to routes to a router that tries one segment after the other.
@Suite("resources of routes") struct ResourceLanguageTests {
    private let routes = [
        AnalysedRoutes.Route(verb: "GET", path: []),
        AnalysedRoutes.Route(verb: "GET", path: [.literal("a"), .parameter("x")]),
        AnalysedRoutes.Route(verb: "ANY", path: [.literal("a"), .literal("b"), .literal("c")]),
        AnalysedRoutes.Route(verb: "GET", path: [.literal("ab"), .greedy("p")]),
        AnalysedRoutes.Route(verb: "GET", path: [.literal("ab"), .literal("a")]),
        AnalysedRoutes.Route(verb: "ANY", path: [.parameter("y")]),
    ]

    /// The route of a `GET`, walking down without going back.
    private func route(_ path: String) -> Int? {
        let segments = path.isEmpty ? [] : path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard
            segments.allSatisfy({
                !$0.isEmpty && $0 != "." && $0 != ".." && !$0.hasPrefix(".;") && !$0.hasPrefix("..;")
            })
        else { return nil }
        var prefix: [AnalysedRoutes.Part] = []
        for (index, segment) in segments.enumerated() {
            let children = Set(
                routes.filter { $0.path.count > index && Array($0.path[..<index]) == prefix }.map { $0.path[index] })
            if children.contains(.literal(segment)) {
                prefix.append(.literal(segment))
            } else if let child = children.first(where: { if case .parameter = $0 { true } else { false } }) {
                prefix.append(child)
            } else if let child = children.first(where: { if case .greedy = $0 { true } else { false } }) {
                prefix.append(child)
                break
            } else {
                return nil
            }
        }
        return routes.firstIndex { $0.path == prefix }
    }

    @Test("Every short path belongs to the route that a router takes, and every class has a path of its route")
    func labels() throws {
        let tree = RouteTree(routes)
        let method = AnalysedRoutes.methods.firstIndex(of: "GET")!
        let language = ResourceLanguage(
            scope: testScope, stage: "prod", method: method, tree: tree, literals: ["a", "b"])
        let lead = "\(testScope.apiID)/prod/GET/"
        var texts = [""]
        var found: Set<Int> = []
        for _ in 0...5 {
            for text in texts {
                var state: ResourceLanguage.State? = language.start
                for scalar in (lead + text).unicodeScalars { state = state.flatMap { language.next($0, scalar) } }
                let label = state.flatMap { language.label($0) }
                #expect(label == route(text), "\(text)")
                if let label { found.insert(label) }
            }
            texts = texts.flatMap { text in ["a", "b", "c", "/", ".", ";"].map { text + $0 } }
        }
        #expect(found.count == 6)
        let patterns = ["*/a*", "*b/*c"].map { TextPattern(tokens: PatternText(wildcards: $0.utf8).tokens) }
        let classes = try TextPartition.classes(of: patterns, in: language)
        #expect(Set(classes.map(\.label)).count == 6)
        for one in classes { #expect(route(String(one.witness.dropFirst(lead.count))) == one.label, "\(one.witness)") }
    }

    @Test("Escapes are canonical: upper case, nothing that needs none, no separator")
    func escapes() {
        let language = ResourceLanguage(scope: testScope, literals: ["%"])
        func isText(_ path: String) -> Bool {
            var state: ResourceLanguage.State? = language.start
            for scalar in "\(testScope.apiID)/s/GET/\(path)".unicodeScalars {
                state = state.flatMap { language.next($0, scalar) }
            }
            return state.flatMap { language.label($0) } != nil
        }
        for path in ["", "a", "%20", "a%C3%A9/b", "%25", ".a", "...", "a;b=1"] { #expect(isText(path), "\(path)") }
        for path in [
            "/", "a/", "a//b", "%2f", "%2F", "%5C", "%41", "%2E", "%7E", "%", "%2", "%0A", ".", "a/..", ".;x", "é", " ",
        ] {
            #expect(!isText(path), "\(path)")
        }
    }
}
