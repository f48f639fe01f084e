import PosternModel
import PosternPolicy

let here = SourcePosition(file: "test.yaml", line: 1, column: 1)

func position(_ line: Int) -> SourcePosition { SourcePosition(file: "test.yaml", line: line, column: 3) }

/// A route as a test writes it, `GET /order/{id}`; it answers MOCK unless a URI is given. `line` makes its position.
func route(_ text: String, uri: String? = nil, targets: [String] = [], line: Int = 1) throws -> RouteDeclaration {
    let words = text.split(separator: " ").map(String.init)
    let verb: RouteVerb = words[0] == "ANY" ? .any : .method(HTTPMethodName(words[0]))
    let integration: IntegrationDeclaration =
        try uri.map { uri in
            .httpProxy(
                HTTPProxyDeclaration(
                    uri: try StageTemplate(uri, at: position(line)),
                    targets: try targets.map { try StageTemplate($0, at: position(line)) }))
        } ?? .mock(MockIntegration())
    return RouteDeclaration(
        verb: verb, path: try ResourcePath(words[1]), position: position(line), integration: integration)
}

func api(
    _ id: String = "shop", _ routes: [RouteDeclaration], stages: [String: [String: String]] = ["dev": [:]],
    line: Int = 1
) -> APIDeclaration {
    APIDeclaration(
        scope: PolicyScope(region: "local", account: "123456789012", apiID: id), idPosition: position(line),
        routes: routes,
        stages: stages.sorted { $0.key < $1.key }.map { name, variables in
            StageDeclaration(name: name, position: here, variables: variables.mapValues { .some($0) })
        },
        policy: nil)
}

func stage(_ routes: String...) throws -> PlannedStage { try stage(routes) }

func stage(_ routes: [String]) throws -> PlannedStage {
    try PlanCompiler.compile([api("shop", try routes.map { try route($0) })], generation: 1).apis[0].stages[0]
}

extension PlannedStage {
    /// `GET /order/{id} id=7`, or nil.
    func answer(_ method: String, _ path: String) -> String? {
        let bytes = Array(path.utf8)
        var captures = PathCaptures()
        guard let route = route(path: bytes.span, method: HTTPMethodName(method), captures: &captures) else {
            return nil
        }
        let values = route.parameterNames.enumerated().map { index, name in
            " \(name)=\(String(decoding: bytes[captures[index]], as: UTF8.self))"
        }
        return "\(route.verb) \(route.resourcePath)" + values.joined()
    }
}

/// What compiling reports, one text a problem.
func problems(_ declarations: APIDeclaration...) -> [String] {
    do throws(Diagnostics) {
        _ = try PlanCompiler.compile(declarations, generation: 1)
        return []
    } catch {
        return error.all.map(\.description)
    }
}

/// SplitMix64: small, and the same everywhere for one seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
