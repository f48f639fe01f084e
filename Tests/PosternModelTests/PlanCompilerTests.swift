import PosternModel
import PosternPolicy
import Testing

@Suite("Compiling a plan")
struct PlanCompilerTests {
    @Test("A route declared twice is an error that names the first")
    func duplicate() throws {
        #expect(
            problems(api("shop", [try route("GET /a", line: 4), try route("GET /a", line: 9)])) == [
                "test.yaml:9:3: error: `GET /a` is declared twice (first at test.yaml:4:3)"
            ])
    }

    @Test(
        "A second variable part under one parent is an error",
        arguments: [
            ("/a/{x}", "/a/{y}/b", "`{y}` is a second variable part under `/a`, beside `{x}`"),
            ("/a/{x}", "/a/{x+}", "`{x+}` is a second variable part under `/a`, beside `{x}`"),
            ("/{x+}", "/{x}/b", "`{x}` is a second variable part under `/`, beside `{x+}`"),
        ])
    func secondVariable(_ first: String, _ second: String, _ message: String) throws {
        let routes = [try route("GET " + first, line: 4), try route("GET " + second, line: 9)]
        #expect(
            problems(api("shop", routes)) == [
                "test.yaml:9:3: error: \(message) (a resource has at most one; the other is at test.yaml:4:3)"
            ])
    }

    @Test("The same variable part may lead to several resources")
    func sharedVariable() throws {
        #expect(
            problems(api("shop", [try route("GET /a/{x}"), try route("GET /a/{x}/b"), try route("PUT /a/{x}")])) == [])
    }

    @Test("An API id used twice is an error")
    func duplicateID() throws {
        let routes = [try route("GET /")]
        #expect(
            problems(api("shop", routes, line: 1), api("shop", routes, line: 2)) == [
                "test.yaml:2:3: error: API id `shop` is used twice (first at test.yaml:1:3)"
            ])
    }

    @Test("Stage variables are filled in stage by stage")
    func stageVariables() throws {
        let declaration = api(
            "shop", [try route("GET /o/{id}", uri: "http://${stageVariables.o}/v1/{id}?k=1")],
            stages: ["dev": ["o": "127.0.0.1:9001"], "prod": ["o": "orders.internal/base"]])
        let plan = try PlanCompiler.compile([declaration], generation: 7)
        #expect(plan.generation == 7)
        #expect(plan.targets.map(\.description) == ["127.0.0.1:9001", "orders.internal:80"])
        #expect(plan.routes.map(\.index) == [0, 1])
        #expect(plan.routes.map(\.stage) == ["dev", "prod"])
        guard case .httpProxy(let dev) = plan.routes[0].integration,
            case .httpProxy(let prod) = plan.routes[1].integration
        else { return #expect(Bool(false)) }
        #expect(dev.path == [.literal(Array("/v1/".utf8)), .parameter(0)])
        #expect(dev.query == Array("k=1".utf8))
        #expect(dev.targetIndices == [0])
        #expect(dev.timeoutMilliseconds == 29_000)
        #expect(dev.connectTimeoutMilliseconds == 2_000)
        #expect(prod.path == [.literal(Array("/base/v1/".utf8)), .parameter(0)])
        #expect(prod.hostHeader == Array("orders.internal".utf8))
        #expect(prod.targetIndices == [1])
    }

    @Test("A variable that a stage does not define is an error for that stage")
    func undefinedVariable() throws {
        let declaration = api(
            "shop", [try route("GET /", uri: "http://${stageVariables.orders}/", line: 5)],
            stages: ["dev": ["orders": "h"], "prod": ["order": "h"], "test": [:]])
        #expect(
            problems(declaration) == [
                "test.yaml:5:3: error: stage variable `orders` is not defined in stage `prod` (did you mean `order`?)",
                "test.yaml:5:3: error: stage variable `orders` is not defined in stage `test` (there are no variables of stage `test`)",
            ])
    }

    @Test("A value that makes a bad address is an error naming stage and variable")
    func badResolvedAddress() throws {
        let declaration = api(
            "shop", [try route("GET /", uri: "http://${stageVariables.o}/", targets: ["${stageVariables.t}"], line: 5)],
            stages: ["dev": ["o": "h:99999", "t": "noport"]])
        #expect(
            problems(declaration) == [
                "test.yaml:5:3: error: `99999` is not a port, in stage `dev` where `o` is `h:99999` (1 to 65535)",
                "test.yaml:5:3: error: `noport` has no port, in stage `dev` where `t` is `noport` (write `host:port` or `unix:/path`)",
            ])
    }

    @Test("A problem that does not depend on the stage is reported once")
    func onceForAllStages() throws {
        let declaration = api("shop", [try route("GET /", uri: "ftp://h/", line: 5)], stages: ["a": [:], "b": [:]])
        #expect(
            problems(declaration) == [
                "test.yaml:5:3: error: `ftp://h/` is not an integration address (`http://host:port/path`, `https://host:port/path` or `http://unix:/socket:/path`)"
            ])
    }

    @Test("Targets replace the URI's address, which stays in Host")
    func targets() throws {
        let routes = [
            try route("GET /a", uri: "http://orders/", targets: ["10.0.0.1:80", "unix:/run/o.sock"]),
            try route("GET /b", uri: "http://10.0.0.1/"),
        ]
        let plan = try PlanCompiler.compile([api("shop", routes)], generation: 1)
        #expect(plan.targets.map(\.description) == ["10.0.0.1:80", "unix:/run/o.sock"])
        guard case .httpProxy(let proxy) = plan.routes[0].integration,
            case .httpProxy(let other) = plan.routes[1].integration
        else { return #expect(Bool(false)) }
        #expect(proxy.targetIndices == [0, 1])
        #expect(proxy.hostHeader == Array("orders".utf8))
        #expect(other.targetIndices == [0])
    }

    @Test("An API without a policy is planned, with a warning")
    func noPolicy() throws {
        let plan = try PlanCompiler.compile([api("shop", [try route("GET /")], line: 3)], generation: 1)
        #expect(plan.apis[0].policy == nil)
        #expect(
            plan.warnings.map(\.description) == [
                "test.yaml:3:3: warning: API `shop` has no policy and refuses every request (add `policy:` with a file or a policy document)"
            ])
    }
}

@Suite("Finding API and stage")
struct PlanLookupTests {
    private func plan() throws -> Plan {
        let routes = [try route("GET /")]
        return try PlanCompiler.compile(
            ["shop", "a1", "shop-2", "z"].map { api($0, routes, stages: ["dev": [:], "Prod": [:]]) }, generation: 1)
    }

    @Test(
        "The first label of Host names the API",
        arguments: [
            ("shop", "shop"), ("shop.execute-api.local.internal", "shop"), ("SHOP.x:8080", "shop"), ("shop:80", "shop"),
            ("a1.", "a1"), ("shop-vpce-mesh.x", "shop"), ("Shop-VPCE-Mesh.x", "shop"),
            ("shop-2-vpce-a-vpce-b", "shop-2"),
            ("shop-2.x", "shop-2"),
        ])
    func host(_ host: String, _ id: String) throws {
        let plan = try plan()
        let found = plan.api(host: Array(host.utf8).span)
        let index = try #require(found)
        #expect(plan.apis[index].id == id)
        #expect(plan.apis[index].index == index)
    }

    @Test(
        "Other hosts name none",
        arguments: [
            "", ".", ":", "shop2", "sho", "127.0.0.1", "[::1]:80", "x.shop", "shop-vpce-", "-vpce-a", "shop-vpc-a",
            "shopvpce-a",
            "shop\u{0}", "vpce-mesh.x",
        ])
    func noHost(_ host: String) throws {
        #expect(try plan().api(host: Array(host.utf8).span) == nil)
    }

    @Test("The id header names the API, whole")
    func header() throws {
        let plan = try plan()
        #expect(plan.api(id: Array("shop".utf8).span) == 0)
        #expect(plan.api(id: Array("SHOP".utf8).span) == 0)
        #expect(plan.api(id: Array("shop.x".utf8).span) == nil)
        #expect(plan.api(id: Array("".utf8).span) == nil)
    }

    @Test("Stages are found byte for byte")
    func stages() throws {
        let api = try plan().apis[0]
        #expect(api.stage(named: Array("dev".utf8).span)?.name == "dev")
        #expect(api.stage(named: Array("Prod".utf8).span)?.name == "Prod")
        #expect(api.stage(named: Array("prod".utf8).span) == nil)
        #expect(api.stage(named: Array("".utf8).span) == nil)
    }
}

@Suite("Explaining a match")
struct RouteMatchTests {
    private func find(_ method: String, _ target: String) throws -> RouteMatch {
        let routes = [
            try route("GET /orders/{id}", uri: "http://127.0.0.1:9000/o/{id}"), try route("ANY /{proxy+}"),
            try route("PUT /x"),
            try route("ANY /orders/{id}/lines"),
        ]
        let plan = try PlanCompiler.compile([api("shop", routes, stages: ["dev": [:], "prod": [:]])], generation: 1)
        return RouteMatch.find(method: method, target: target, in: plan.apis[0])
    }

    @Test("A match says route, captures and integration")
    func matched() throws {
        let match = try find("GET", "/dev/orders/7?x=1")
        guard case .matched(let route) = match.outcome else { return #expect(Bool(false)) }
        #expect(match.stage == "dev")
        #expect(route.resourcePath == "/orders/{id}")
        #expect(route.captures.map { "\($0.name)=\($0.value)" } == ["id=7"])
        #expect(route.integration == "HTTP_PROXY http://127.0.0.1:9000/o/{id}")
        #expect(route.targets == ["127.0.0.1:9000"])
        #expect(match.reason == "served by `GET /orders/{id}`")
    }

    @Test(
        "A miss says why",
        arguments: [
            ("GET", "/prd/orders/7", "API `shop` has no stage `prd` (did you mean `prod`?)"),
            ("GET", "dev/orders/7", "`dev/orders/7` is not a path; it begins with `/`"),
            (
                "POST", "/dev/orders/7",
                "`/orders/{id}` has only GET; `/{proxy+}` is not tried because `/orders/{id}` is more specific"
            ),
            (
                "GET", "/dev/orders",
                "`/orders` has no methods; `/{proxy+}` is not tried because `/orders` is more specific"
            ),
            (
                "GET", "/dev/x/y",
                "no resource has this path; the nearest is `/x`; `/{proxy+}` is not tried because `/x` is more specific"
            ),
            ("GET", "/dev", "`/` has no methods"),
            ("TRACE", "/dev/zz", "`TRACE` is not a verb that a REST API routes"),
        ])
    func missed(_ method: String, _ target: String, _ reason: String) throws {
        #expect(try find(method, target).reason == reason)
    }
}
