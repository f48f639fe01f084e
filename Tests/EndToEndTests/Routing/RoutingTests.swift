import Testing

@Suite("Routing over real sockets")
struct RoutingTests {
    private let gateway: Gateway

    /// Every route is a mock that names itself, so that an answer tells which one was taken.
    init() throws {
        let routes = [
            "ANY /order", "GET /order/new", "GET /order/{id}", "POST /order/{id}/items", "ANY /cart/{proxy+}",
            "GET /cart/checkout", "GET /", "HEAD /headed", "GET /files/{name}", "ANY /files/{name}/{rest+}",
        ]
        gateway = try Gateway(
            Configuration(
                Dictionary(uniqueKeysWithValues: routes.map { ($0, "{type: MOCK, body: '\($0)'}") }),
                stages: "{dev: {}, prod: {}}"))
    }

    @Test(
        "A request takes the route that the reference names",
        arguments: [
            ("GET", "/dev/order", "ANY /order"),
            ("DELETE", "/dev/order", "ANY /order"),
            ("PATCH", "/prod/order", "ANY /order"),
            ("GET", "/dev/order/new", "GET /order/new"),
            ("GET", "/dev/order/7", "GET /order/{id}"),
            ("GET", "/dev/order/7/", "GET /order/{id}"),
            ("POST", "/dev/order/7/items", "POST /order/{id}/items"),
            ("POST", "/dev/order/new/items", nil),
            ("GET", "/dev/cart/a", "ANY /cart/{proxy+}"),
            ("PUT", "/dev/cart/a/b/c", "ANY /cart/{proxy+}"),
            ("GET", "/dev/cart/checkout", "GET /cart/checkout"),
            ("GET", "/dev/cart/checkout/", "GET /cart/checkout"),
            ("GET", "/dev", "GET /"),
            ("GET", "/dev/", "GET /"),
            ("GET", "/prod?x=1", "GET /"),
            ("GET", "/dev/files/a", "GET /files/{name}"),
            ("GET", "/dev/files/a/b/c", "ANY /files/{name}/{rest+}"),
            ("GET", "/dev/Order", nil),
            ("GET", "/dev/order/7/items", nil),
            ("POST", "/dev/cart/checkout", nil),
            ("GET", "/dev/cart", nil),
            ("GET", "/dev/cart/", nil),
            ("POST", "/dev", nil),
            ("GET", "/dev/nothing", nil),
            ("FROBNICATE", "/dev/order", nil),
            ("GET", "/dev/headed", nil),
        ] as [(String, String, String?)])
    func takesRoute(method: String, target: String, route: String?) throws {
        let response = try gateway.call(method, target)
        if let route {
            #expect(response.status == 200)
            #expect(response.text == route)
        } else {
            #expect(response.status == 403)
            #expect(response.text == #"{"message":"Missing Authentication Token"}"#)
        }
    }

    @Test("HEAD is not derived from GET, and is served where a route or ANY has it")
    func headIsNotDerived() throws {
        #expect(try gateway.call("HEAD", "/dev/order/new").status == 403)
        #expect(try gateway.call("HEAD", "/dev/headed").status == 200)
        #expect(try gateway.call("HEAD", "/dev/order").status == 200)
    }

    @Test("X-HTTP-Method-Override replaces the method before routing")
    func methodOverride() throws {
        let response = try gateway.call("GET", "/dev/order/7/items", ["X-HTTP-Method-Override: POST"])
        #expect(response.text == "POST /order/{id}/items")
        #expect(try gateway.call("POST", "/dev/order/7/items", ["X-HTTP-Method-Override: GET"]).status == 403)
    }

    @Test("The record of a request names API, stage and the route's template, never its query")
    func recordNamesRoute() throws {
        let response = try gateway.get("/dev/order/7?secret=1")
        let record = try gateway.record(of: response)
        #expect(record["apiId"] == "shop")
        #expect(record["stage"] == "dev")
        #expect(record["resourcePath"] == "/order/{id}")
        #expect(record["path"] == "/dev/order/7")
        #expect(record.flag("queryPresent"))
        #expect(!record.description.contains("secret"))
    }
}
