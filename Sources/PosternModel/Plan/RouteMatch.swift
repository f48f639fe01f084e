import PosternPolicy

/// Which route a request would take and why, for people: `postern routes --match 'GET /dev/orders/7'`.
package struct RouteMatch: Sendable {
    package enum Outcome: Sendable {
        case matched(Route)
        /// No stage has the first segment as its name; `known` are the API's stages.
        case unknownStage(name: String, known: [String])
        /// No resource has this path. `nearest` is the last resource on the way; `excluded` is a greedy resource that
        /// would have taken the path but for a more specific one (reference 2.2).
        case noResource(nearest: String, excluded: String?)
        /// The resource exists, without this method; `declared` are the verbs it has.
        case methodMissing(resource: String, declared: [String], excluded: String?)
        /// The target is not a path.
        case malformedTarget
    }

    package struct Route: Sendable {
        /// Its slot in `Plan.routes`.
        package var index: Int
        package var resourcePath: String
        /// As declared: `GET` or `ANY`.
        package var verb: String
        package var captures: [(name: String, value: String)]
        package var integration: String
        /// Empty for MOCK.
        package var targets: [String]
    }

    package var api: String
    package var method: String
    package var target: String
    /// nil when no stage was found.
    package var stage: String?
    package var outcome: Outcome

    /// Looks in one API of the plan. The path is taken as canonical: nothing is decoded, the query is left out.
    package static func find(method: String, target: String, in api: PlannedAPI) -> RouteMatch {
        var match = RouteMatch(api: api.id, method: method, target: target, outcome: .malformedTarget)
        let path = target.prefix { $0 != "?" }
        guard path.utf8.first == UInt8(ascii: "/") else { return match }
        let stageName = String(path.dropFirst().prefix { $0 != "/" })
        guard let stage = api.stages.first(where: { $0.name == stageName }) else {
            match.outcome = .unknownStage(name: stageName, known: api.stages.map(\.name))
            return match
        }
        match.stage = stage.name
        match.outcome = outcome(
            stage, method: HTTPMethodName(method), path: Array(path.utf8.dropFirst(1 + stageName.utf8.count)))
        return match
    }

    /// One sentence, lower case, as errors are written.
    package var reason: String {
        func but(_ excluded: String?, _ resource: String) -> String {
            excluded.map { "; `\($0)` is not tried because `\(resource)` is more specific" } ?? ""
        }
        switch outcome {
        case .matched(let route): return "served by `\(route.verb) \(route.resourcePath)`"
        case .unknownStage(let name, let known):
            let hint = NearestName.hint(for: name, among: known, called: "stages of `\(api)`")
            return "API `\(api)` has no stage `\(name.abbreviated)` (\(hint))"
        case .noResource(let nearest, let excluded):
            return "no resource has this path; the nearest is `\(nearest)`" + but(excluded, nearest)
        case .methodMissing where HTTPMethodName(method) == .other:
            return "`\(method.abbreviated)` is not a verb that a REST API routes"
        case .methodMissing(let resource, let declared, let excluded):
            let verbs = declared.isEmpty ? "no methods" : "only " + declared.joined(separator: ", ")
            return "`\(resource)` has \(verbs)" + but(excluded, resource)
        case .malformedTarget: return "`\(target.abbreviated)` is not a path; it begins with `/`"
        }
    }

    private static func outcome(_ stage: PlannedStage, method: HTTPMethodName, path: [UInt8]) -> Outcome {
        var captures = PathCaptures()
        if let route = stage.route(path: path.span, method: method, captures: &captures) {
            return .matched(describe(route, captures, path))
        }
        let end = stage.tree.walk(path.span, &captures)
        let resource = stage.tree.paths[end.node]
        let excluded = stage.tree.excludedGreedy(from: end)
        guard end.isComplete else { return .noResource(nearest: resource, excluded: excluded) }
        let declared = stage.routes.filter { $0.resourcePath == resource }.map(\.verb).sorted()
        return .methodMissing(resource: resource, declared: declared, excluded: excluded)
    }

    private static func describe(_ route: PlannedRoute, _ captures: PathCaptures, _ path: [UInt8]) -> Route {
        let values = (0..<captures.count).map { index in
            (name: route.parameterNames[index], value: String(decoding: path[captures[index]], as: UTF8.self))
        }
        var description = Route(
            index: route.index, resourcePath: route.resourcePath, verb: route.verb, captures: values, integration: "",
            targets: [])
        switch route.integration {
        case .mock(let mock): description.integration = "MOCK \(mock.status)"
        case .httpProxy(let proxy):
            description.integration = "HTTP_PROXY \(proxy.uriText(parameters: route.parameterNames))"
            description.targets = proxy.targets.map(\.description)
        }
        return description
    }
}

extension HTTPProxyIntegration {
    /// The URI as it stands after the stage's variables are filled in, `{name}` where parameters go.
    package func uriText(parameters: [String]) -> String {
        let path = path.map { piece in
            switch piece {
            case .literal(let bytes): String(decoding: bytes, as: UTF8.self)
            case .parameter(let index): "{\(parameters[index])}"
            }
        }
        let query = query.isEmpty ? "" : "?" + String(decoding: query, as: UTF8.self)
        return "http://" + String(decoding: hostHeader, as: UTF8.self) + path.joined() + query
    }
}

extension ResourceTree {
    /// The deepest greedy resource beside the way to `end` that has routes: what a router that goes back would choose.
    func excludedGreedy(from end: WalkEnd) -> String? {
        guard end.node != 0 else { return nil }  // a greedy part never stands for the root
        var prefix = paths[end.node][...]
        while let slash = prefix.lastIndex(of: "/") {
            prefix = prefix[..<slash]
            guard let parent = paths.firstIndex(of: prefix.isEmpty ? "/" : String(prefix)) else { return nil }
            let greedy = Int(nodes[parent].greedy)
            if greedy >= 0, greedy != end.node, nodes[greedy].hasRoutes { return paths[greedy] }
        }
        return nil
    }
}
