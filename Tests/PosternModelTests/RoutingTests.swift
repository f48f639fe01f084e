import PosternModel
import Testing

@Suite("Routing, as reference 2.2 says for REST APIs")
struct RoutingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var routes: [String]
        var request: String
        var answer: String?

        var testDescription: String { "\(request) among \(routes) → \(answer ?? "unrouted")" }
    }

    static func cases(_ routes: [String], _ expected: KeyValuePairs<String, String?>) -> [Case] {
        expected.map { Case(routes: routes, request: $0.key, answer: $0.value) }
    }

    @Test(
        "A literal wins over {name}, which wins over {name+}, level by level",
        arguments: cases(
            ["GET /pets", "GET /pets/{id}", "GET /pets/mine", "GET /pets/{id}/toys", "ANY /files/{path+}"],
            [
                "GET /pets": "GET /pets", "GET /pets/7": "GET /pets/{id} id=7", "GET /pets/mine": "GET /pets/mine",
                "GET /pets/7/toys": "GET /pets/{id}/toys id=7", "GET /files/a": "ANY /files/{path+} path=a",
                "GET /files/a/b.txt": "ANY /files/{path+} path=a/b.txt", "GET /pet": nil, "GET /petss": nil,
                "GET /Pets": nil, "GET /pets/7/toys/1": nil,
            ]))
    func precedence(_ test: Case) throws { try check(test) }

    @Test(
        "Nothing falls back to a less specific resource: siblings of a variable part are excluded from it",
        arguments: cases(
            ["ANY /{proxy+}", "GET /a/b", "GET /c", "GET /users/{id}", "GET /users/me/keys"],
            [
                // The resource exists without the method.
                "POST /a/b": nil, "POST /c": nil, "POST /users/7": nil,
                // It exists only on the way to another, without any method.
                "GET /a": nil, "GET /users": nil, "GET /users/me": nil,
                // It does not exist, but a more specific resource owns the beginning of the path.
                "GET /a/c": nil, "GET /a/b/c": nil, "GET /c/d": nil, "GET /users/you/keys": nil,
                // Nothing more specific is in the way.
                "GET /d": "ANY /{proxy+} proxy=d", "GET /ab": "ANY /{proxy+} proxy=ab",
                "PUT /d/e/f": "ANY /{proxy+} proxy=d/e/f",
            ]))
    func noFallBack(_ test: Case) throws { try check(test) }

    @Test(
        "A greedy part takes one or more segments, never none",
        arguments: cases(
            ["ANY /{proxy+}", "ANY /cart/{proxy+}"],
            [
                "GET /": nil, "GET ": nil, "GET /cart": nil, "GET /cart/": nil,
                "GET /cart/1": "ANY /cart/{proxy+} proxy=1",
                "GET /x": "ANY /{proxy+} proxy=x",
            ]))
    func greedy(_ test: Case) throws { try check(test) }

    @Test(
        "One trailing slash is ignored, in captures too",
        arguments: cases(
            ["GET /", "GET /a", "GET /p/{id}", "GET /g/{rest+}"],
            [
                "GET ": "GET /", "GET /": "GET /", "GET /a/": "GET /a", "GET /p/7/": "GET /p/{id} id=7",
                "GET /g/x/y/": "GET /g/{rest+} rest=x/y", "GET /a//": nil, "GET //": nil,
            ]))
    func trailingSlash(_ test: Case) throws { try check(test) }

    @Test(
        "An empty segment is nobody's",
        arguments: cases(
            ["GET /a/{id}/b", "GET /{all+}"],
            [
                "GET //": nil, "GET //x": nil, "GET /a//b": nil, "GET /x//y": "GET /{all+} all=x//y", "GET x": nil,
                "GET *": nil,
            ]))
    func emptySegments(_ test: Case) throws { try check(test) }

    @Test("The exact verb wins over ANY")
    func verbBeforeAny() throws {
        let stage = try stage("ANY /a", "GET /a")
        #expect(stage.answer("GET", "/a") == "GET /a")
        #expect(stage.answer("POST", "/a") == "ANY /a")
    }

    @Test("ANY stands for seven verbs and nothing else")
    func anyIsSeven() throws {
        let stage = try stage("ANY /a")
        for verb in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"] {
            #expect(stage.answer(verb, "/a") == "ANY /a")
        }
        for verb in ["TRACE", "CONNECT", "PROPFIND", "get", "", "OTHER", "GETS"] {
            #expect(stage.answer(verb, "/a") == nil)
        }
    }

    @Test("HEAD is not derived from GET")
    func headIsItsOwn() throws {
        #expect(try stage("GET /a").answer("HEAD", "/a") == nil)
    }

    @Test("A path may have sixteen parameters")
    func manyParameters() throws {
        let names = (1...16).map { "p\($0)" }
        let stage = try stage("GET /" + names.map { "{\($0)}" }.joined(separator: "/"))
        let answer = stage.answer("GET", "/" + names.map { "v-\($0)" }.joined(separator: "/"))
        #expect(answer?.hasSuffix(" p1=v-p1" + names.dropFirst().map { " \($0)=v-\($0)" }.joined()) == true)
    }

    @Test("Any bytes are searched for without harm")
    func hostileBytes() throws {
        let stage = try stage("GET /a", "GET /{id}/x", "GET /e")
        var captures = PathCaptures()
        for byte in UInt8.min...UInt8.max {
            let path: [UInt8] = [0x2F, byte, byte]
            _ = stage.route(path: path.span, method: .get, captures: &captures)
        }
        let long = [UInt8](repeating: 0x2F, count: 100_000)
        #expect(stage.route(path: long.span, method: .get, captures: &captures) == nil)
    }

    private func check(_ test: Case) throws {
        let words = test.request.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        #expect(try stage(test.routes).answer(words[0], words[1]) == test.answer)
    }
}
