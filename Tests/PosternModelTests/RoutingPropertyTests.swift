import PosternModel
import PosternPolicy
import Testing

/// The rule of `ResourceTree` once more, as slowly and plainly as it can be said.
private struct NaiveRouter {
    let routes: [RouteDeclaration]

    func answer(_ method: String, _ path: String) -> String? {
        var path = path
        if path.hasSuffix("/") { path.removeLast() }
        let segments =
            path.isEmpty
            ? [] : path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard path.isEmpty || path.hasPrefix("/") else { return nil }
        var prefix: [ResourcePath.Part] = []
        var values: [String] = []
        for (index, segment) in segments.enumerated() {
            let children = routes.map(\.path.parts).filter { $0.starts(with: prefix) && $0.count > prefix.count }.map {
                $0[prefix.count]
            }
            guard !segment.isEmpty else { return nil }
            if children.contains(.literal(segment)) {
                prefix.append(.literal(segment))
                continue
            }
            guard let variable = children.first(where: { if case .literal = $0 { false } else { true } }) else {
                return nil
            }
            prefix.append(variable)
            if case .greedy = variable {
                values.append(segments[index...].joined(separator: "/"))
                break
            }
            values.append(segment)
        }
        let here = routes.filter { $0.path.parts == prefix }
        let exact = here.first { $0.verb == .method(HTTPMethodName(method)) }
        guard HTTPMethodName(method) != .other, let route = exact ?? here.first(where: { $0.verb == .any }) else {
            return nil
        }
        let named = zip(route.path.parameterNames, values).map { " \($0.0)=\($0.1)" }
        return "\(route.verb.text) \(route.path.text)" + named.joined()
    }
}

@Suite("Routing against a naive router")
struct RoutingPropertyTests {
    private static let verbs = ["ANY", "GET", "POST", "HEAD"]
    private static let words = ["a", "b", "aa", "ab", "a.b", "orders", "order", "orders-2", "7"]

    @Test("Both answer alike for random trees and random paths", arguments: [1, 2, 3, UInt64.random(in: 0 ... .max)])
    func agree(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            let routes = try randomRoutes(&generator)
            let naive = NaiveRouter(routes: routes)
            let stage = try PlanCompiler.compile([api("shop", routes)], generation: 1).apis[0].stages[0]
            for _ in 0..<200 {
                let method = ["GET", "POST", "HEAD", "PUT", "TRACE"].randomElement(using: &generator)!
                let path = randomPath(&generator)
                #expect(
                    stage.answer(method, path) == naive.answer(method, path),
                    "seed \(seed): \(method) \(path) among \(routes.map { $0.verb.text + " " + $0.path.text })")
            }
        }
    }

    private func randomRoutes(_ generator: inout SeededGenerator) throws -> [RouteDeclaration] {
        var accepted: [RouteDeclaration] = []
        for line in 0..<Int.random(in: 1...25, using: &generator) {
            let depth = Int.random(in: 0...4, using: &generator)
            var parts: [String] = []
            for level in 0..<depth {
                switch Int.random(in: 0..<10, using: &generator) {
                case 0, 1: parts.append("{p\(level)}")
                case 2 where level == depth - 1: parts.append("{g\(level)+}")
                default: parts.append(Self.words.randomElement(using: &generator)!)
                }
            }
            let candidate = try route(
                Self.verbs.randomElement(using: &generator)! + " /" + parts.joined(separator: "/"), line: line)
            // A route that the tree forbids is left out.
            if problems(api("shop", accepted + [candidate])).isEmpty { accepted.append(candidate) }
        }
        return accepted
    }

    private func randomPath(_ generator: inout SeededGenerator) -> String {
        var path = ""
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            let isEmpty = Int.random(in: 0..<20, using: &generator) == 0
            path += "/" + (isEmpty ? "" : Self.words.randomElement(using: &generator)!)
        }
        return path + (Int.random(in: 0..<4, using: &generator) == 0 ? "/" : "")
    }

    @Test("Each of a thousand routes is found")
    func thousand() throws {
        let routes = (0..<1_000).map { "GET /resource-\($0)/{id}" }
        let stage = try stage(routes)
        for index in 0..<1_000 {
            #expect(stage.answer("GET", "/resource-\(index)/x") == "GET /resource-\(index)/{id} id=x")
        }
        #expect(stage.answer("GET", "/resource-1000/x") == nil)
    }
}
