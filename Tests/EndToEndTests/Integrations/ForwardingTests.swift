import Testing

@Suite("What an HTTP_PROXY integration asks its upstream")
struct ForwardingTests {
    private func target(_ uri: String, of route: String, stages: String = "{dev: {}}", calling target: String) throws
        -> String
    {
        let back = try BackEnd(answering: { reply($0.target) })
        let gateway = try Gateway(
            Configuration([route: uri.replacing("BACK", with: back.authority)], stages: stages))
        let response = try gateway.get(target)
        #expect(response.status == 200)
        return response.text
    }

    @Test(
        "Path parameters, stage variables and queries make the target",
        arguments: [
            ("ANY /order", "http://BACK/order", "/dev/order", "/order"),
            ("ANY /order", "http://BACK", "/dev/order", "/"),
            ("ANY /order", "http://BACK/", "/dev/order/", "/"),
            ("GET /order/{id}", "http://BACK/v2/order/{id}", "/dev/order/7", "/v2/order/7"),
            ("GET /order/{id}", "http://BACK/{id}/of/{id}", "/dev/order/a%20b", "/a%20b/of/a%20b"),
            ("GET /a/{x}/b/{y}", "http://BACK/{y}/{x}", "/dev/a/1/b/2", "/2/1"),
            ("ANY /cart/{proxy+}", "http://BACK/cart/{proxy}", "/dev/cart/a/b/c", "/cart/a/b/c"),
            ("ANY /cart/{proxy+}", "http://BACK/{proxy}", "/dev/cart/a%3Fb/c", "/a%3Fb/c"),
            ("GET /q", "http://BACK/q", "/dev/q?a=1&b=%20&a=2", "/q?a=1&b=%20&a=2"),
            ("GET /q", "http://BACK/q?fixed=1", "/dev/q", "/q?fixed=1"),
            ("GET /q", "http://BACK/q?fixed=1", "/dev/q?a=1", "/q?fixed=1&a=1"),
            ("GET /q", "http://BACK/q", "/dev/q?", "/q"),
        ])
    func makesTarget(route: String, uri: String, calling: String, expected: String) throws {
        #expect(try target(uri, of: route, calling: calling) == expected)
    }

    @Test("Each stage has its own variables, in the authority and in the path")
    func stageVariables() throws {
        let (dev, prod) = (try BackEnd.echo(), try BackEnd.echo())
        let stages =
            "{dev: {variables: {orders: \"\(dev.authority)\", v: one}},"
            + " prod: {variables: {orders: \"\(prod.authority)\", v: two}}}"
        let gateway = try Gateway(
            Configuration(
                ["GET /order": "\"http://${stageVariables.orders}/${stageVariables.v}/order\""], stages: stages))
        #expect(try gateway.get("/dev/order").text.hasPrefix("GET /one/order HTTP/1.1\r\n"))
        #expect(try gateway.get("/prod/order").text.hasPrefix("GET /two/order HTTP/1.1\r\n"))
        #expect((dev.requests.count, prod.requests.count) == (1, 1))
    }

    @Test("Several targets are asked in turn, under the URI's host")
    func roundRobin() throws {
        let backs = try (0..<3).map { number in try BackEnd(answering: { reply("\(number) \($0["Host"] ?? "")") }) }
        let targets = backs.map { "\"\($0.authority)\"" }.joined(separator: ", ")
        let gateway = try Gateway([
            "GET /x": "{type: HTTP_PROXY, uri: 'http://orders.internal/x', targets: [\(targets)]}"
        ])
        let answers = try (0..<9).map { _ in try gateway.get("/dev/x").text }
        #expect(Set(answers) == ["0 orders.internal", "1 orders.internal", "2 orders.internal"])
        for back in backs { #expect(back.requests.count == 3) }
    }

    @Test("A target that cannot be reached costs a retry, not an answer")
    func deadTarget() throws {
        let back = try BackEnd(answering: { _ in reply("alive") })
        let dead = try FreePort.next()
        let gateway = try Gateway([
            "POST /x":
                "{type: HTTP_PROXY, uri: 'http://orders/x', targets: [\"127.0.0.1:\(dead)\", \"\(back.authority)\"]}"
        ])
        for _ in 0..<4 { #expect(try gateway.call("POST", "/dev/x", body: "b").text == "alive") }
        #expect(back.requests.map(\.text) == ["b", "b", "b", "b"])
        let record = try gateway.record { $0.number("retryCount") == 1 }
        #expect(record["upstream"] == back.authority)
        // The connection that the first call opened took the other three, tried again or not.
        #expect(back.accepted == 1)
    }

    @Test("A Unix socket is an upstream like any other")
    func unixSocket() throws {
        let directory = try TemporaryDirectory()
        let back = try BackEnd.echo(at: .unix(directory.file("back.sock")))
        let gateway = try Gateway([
            "GET /a/{id}": "\"\(back.uri)/a/{id}?k=v\"",
            "GET /b": "{type: HTTP_PROXY, uri: 'http://orders/b', targets: [\"unix:\(directory.file("back.sock"))\"]}",
        ])
        #expect(try gateway.get("/dev/a/7").text.hasPrefix("GET /a/7?k=v HTTP/1.1\r\n"))
        let response = try gateway.get("/dev/b")
        #expect(response.text.contains("\r\nHost: orders\r\n"))
        #expect(try gateway.record(of: response)["upstream"]?.contains("back.sock") == true)
    }

    @Test("A route may use another method than the caller's toward its upstream")
    func methodToUpstream() throws {
        let back = try BackEnd.echo()
        let gateway = try Gateway(["ANY /x": "{type: HTTP_PROXY, uri: '\(back.uri)/x', method: POST}"])
        #expect(try gateway.get("/dev/x").text.hasPrefix("POST /x HTTP/1.1\r\n"))
        #expect(try gateway.call("PUT", "/dev/x", body: "abc").text.hasSuffix("\r\n\r\nabc"))
    }

    @Test("A name is looked up, and localhost is as good as its address")
    func name() throws {
        let back = try BackEnd.echo()
        let gateway = try Gateway(["GET /x": "http://localhost:\(back.place.port)/x"])
        let response = try gateway.get("/dev/x")
        #expect(response.text.contains("\r\nHost: localhost:\(back.place.port)\r\n"))
    }

    @Test("An IPv6 address is an upstream", .enabled(if: Machine.hasIPv6, "no IPv6 loopback"))
    func version6() throws {
        let back = try BackEnd.echo(at: .tcp("::1", try FreePort.next(at: "::1")))
        let gateway = try Gateway(["GET /x": "\"\(back.uri)/x\""])
        #expect(try gateway.get("/dev/x").text.contains("\r\nHost: \(back.authority)\r\n"))
    }
}
