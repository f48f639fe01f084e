import Foundation
import Testing

@Suite("`postern explain` tells why a request was answered as it was")
struct ExplainTests {
    private static let policy = Policies.policy(
        Policies.statement("Allow", sid: "Mesh", #"{"IpAddress":{"aws:SourceIp":"127.0.0.0/30"}}"#),
        Policies.statement("Deny", sid: "NoRobots", #"{"StringLike":{"aws:UserAgent":"robot*"}}"#))

    private func gateway(_ process: [String] = [], policy: String = policy) throws -> Gateway {
        try Gateway(
            Configuration(["GET /order/{id}": "{type: MOCK, body: fine}"], policy: policy, process))
    }

    private func explain(_ gateway: Gateway, _ id: String, _ options: String...) throws -> Child.Result {
        try Child.run([Postern.path, "explain", id, "--admin", gateway.directory.file("admin.sock")] + options)
    }

    private func explain(_ gateway: Gateway, _ response: Message) throws -> String {
        let result = try explain(gateway, try #require(response["x-amzn-RequestId"]))
        #expect(result.status == 0, "\(result)")
        return result.output
    }

    @Test("An allow: the statement that allowed, and what the others saw")
    func allow() throws {
        let gateway = try gateway()
        let response = try gateway.get("/dev/order/7", ["User-Agent: curl", "Referer: http://a/"])
        #expect(response.status == 200)
        let text = try explain(gateway, response)
        #expect(text.contains("decision    allowed, and answered with 200"))
        #expect(text.contains("api policy of `shop`\nallowed by `Mesh`, "))
        #expect(text.contains(#/yes +\d+:\d+ +IpAddress aws:SourceIp +`127.0.0.1` +wants `127.0.0.0/30`/#))
        #expect(text.contains(#/no +\d+:\d+ +StringLike aws:UserAgent +`curl` +wants `robot\*`/#))
        #expect(text.contains("from        127.0.0.1 by vpce-mesh"))
        #expect(text.contains("route       shop/dev GET /order/{id}"))
        #expect(text.contains("resource    shop/dev/GET/order/7"))
        #expect(text.contains("referer     http://a/"))
        for _ in 0..<20 {
            let other = try gateway.get("/dev/order/7")
            let byExtended = try explain(gateway, try #require(other["x-amz-apigw-id"]))
            #expect(byExtended.output.contains(try #require(other["x-amzn-RequestId"])), "\(byExtended)")
        }
    }

    @Test("An explicit deny and a default deny, as text and as JSON")
    func denials() throws {
        let gateway = try gateway()
        let explicit = try gateway.get("/dev/order/7", ["User-Agent: robot/1"])
        let text = try explain(gateway, explicit)
        #expect(text.contains("decision    refused by the api policy: a statement denies it"))
        #expect(text.contains("denied by `NoRobots`, "))
        let implicit = try gateway.call("GET", "/dev/order/7", from: "127.0.0.9")
        let json = try explain(gateway, try #require(implicit["x-amzn-RequestId"]), "--json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(report["decision"] as? String == "implicitDeny")
        #expect(report["refusedBy"] as? String == "api")
        #expect(report["status"] as? Int == 403)
        #expect(report["sourceIP"] as? String == "127.0.0.9")
        let policies = try #require(report["policies"] as? [[String: Any]])
        let explanation = try #require(policies.first?["explanation"] as? [String: Any])
        let statements = try #require(explanation["statements"] as? [[String: Any]])
        #expect(statements.map { $0["statement"] as? String } == ["Mesh", "NoRobots"])
        #expect(statements.allSatisfy { $0["applied"] as? Bool == false })
        let conditions = try #require(statements[0]["conditions"] as? [[String: Any]])
        #expect(conditions[0]["seen"] as? String == "127.0.0.9")
        #expect((explanation["changes"] as? [Any])?.isEmpty == false)
    }

    @Test("What was refused before any policy was asked")
    func otherRefusals() throws {
        let gateway = try gateway()
        let unrouted = try gateway.call("POST", "/dev/order/7")
        #expect(try explain(gateway, unrouted).contains("before any policy was asked: `/order/{id}` has only GET"))
        let stage = try gateway.get("/test/order/7")
        #expect(try explain(gateway, stage).contains("API `shop` has no stage as `/test/order/7` names it"))
        let dots = try gateway.get("/dev/../order")
        #expect(dots.status == 400)
        #expect(try explain(gateway, dots).contains("it breaks a rule of HTTP or a limit: dot_segment"))
        let none = try Gateway(Configuration(["GET /x": "{type: MOCK}"], options: ""))
        let unknown = try none.get("/dev/x", ["Host: nobody"])
        #expect(try explain(none, unknown).contains("nor the listener names an API"))
    }

    @Test("An allowed request whose integration failed")
    func failedIntegration() throws {
        let gateway = try Gateway(Configuration(["GET /x": "http://127.0.0.1:\(FreePort.next())/"]))
        let text = try explain(gateway, try gateway.get("/dev/x"))
        #expect(text.contains("decision    allowed, and not fulfilled: the integration failed: connect"), "\(text)")
    }

    @Test("The endpoint's policy comes first, and what it refuses nobody else is asked about")
    func kinds() throws {
        let closed = Policies.policy(Policies.statement("Deny", sid: "Closed", resource: "*"))
        let gateway = try Gateway(
            Configuration(["GET /x": "{type: MOCK}"], options: "defaultApi: shop, policy: \(closed)"))
        let text = try explain(gateway, try gateway.get("/dev/x"))
        #expect(text.contains("refused by the endpoint policy: a statement denies it"))
        #expect(text.contains("endpoint policy of `vpce-mesh`\ndenied by `Closed`"))
        #expect(text.contains("api policy of `shop`\nnot asked: the policy before it refused"))
    }

    @Test("Texts too long to be remembered whole are marked")
    func cut() throws {
        let gateway = try gateway()
        let response = try gateway.get("/dev/order/7", ["User-Agent: \(String(repeating: "a", count: 2_000))"])
        let text = try explain(gateway, response)
        #expect(text.contains("note: remembered in part: user agent"))
    }

    @Test("The policies are those that decided, as long as they are held")
    func generations() throws {
        let gateway = try gateway()
        let response = try gateway.get("/dev/order/7")
        var configuration = gateway.configuration
        configuration.add(
            API("shop", policy: Policies.policy(Policies.statement("Deny", sid: "Closed")), ["GET /y": "{type: MOCK}"]))
        try gateway.reloadAndWait(configuration)
        #expect(try explain(gateway, response).contains("allowed by `Mesh`"))
        for _ in 0..<4 { try gateway.reloadAndWait(configuration) }
        let text = try explain(gateway, response)
        #expect(text.contains("note: generation 1 is not held any more, so its policies cannot be shown"))
        #expect(!text.contains("Mesh"))
    }

    @Test("A request that is not remembered ends with 1 and says how far memory reaches")
    func unknown() throws {
        let gateway = try gateway(["explain: {requests: 2}"])
        let first = try gateway.get("/dev/order/7")
        for _ in 0..<2 { _ = try gateway.get("/dev/order/7") }
        let forgotten = try explain(gateway, try #require(first["x-amzn-RequestId"]))
        #expect(forgotten.status == 1)
        #expect(forgotten.errors.contains("the last 2 of at most 2 requests are, back to 20"))
        #expect(try explain(gateway, "a b").status == 64)
        let off = try self.gateway(["explain: {requests: 0}"])
        let response = try off.get("/dev/order/7")
        let nothing = try explain(off, try #require(response["x-amzn-RequestId"]), "--json")
        #expect(nothing.status == 1)
        #expect(nothing.output.contains("`explain.requests` is 0"))
    }

    @Test("A reload lists the decisions that it changes")
    func reloadChanges() throws {
        let gateway = try gateway()
        var last = ""
        for _ in 0..<3 {
            last = try #require(try gateway.get("/dev/order/7", ["User-Agent: curl"])["x-amzn-RequestId"])
        }
        let far = try gateway.call("GET", "/dev/order/7", from: "127.0.0.9")
        _ = try gateway.call("GET", "/dev/nowhere", from: "127.0.0.9")
        var configuration = gateway.configuration
        #expect(try gateway.reloadAndWait(configuration).output.contains("decision changes") == false)
        let policy = Policies.policy(
            Policies.statement("Allow", sid: "Far", #"{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}"#),
            Policies.statement("Deny", sid: "NoCurl", #"{"StringLike":{"aws:UserAgent":"curl*"}}"#))
        configuration.add(API("shop", policy: policy, ["GET /order/{id}": "{type: MOCK, body: fine}"]))
        let result = try gateway.reloadAndWait(configuration)
        #expect(result.status == 0)
        #expect(result.output.contains("decision changes over the last 4 requests: 4\n"), "\(result)")
        #expect(
            result.output.contains(
                "  shop/dev GET /order/{id}: 3 newly denied, e.g. request \(last) by `NoCurl` of the api policy of `shop`\n"
            ))
        #expect(
            result.output.contains(
                "1 newly allowed, e.g. request \(far["x-amzn-RequestId"]!) by `Far` of the api policy of `shop`\n"))

        configuration.add(API("shop", policy: Self.policy, ["GET /order/{id}": "{type: MOCK, body: fine}"]))
        try configuration.write(to: gateway.directory)
        let json = try Postern.run("reload", "--json", "--admin", gateway.directory.file("admin.sock"))
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let changes = try #require(report["decisionChanges"] as? [String: Any])
        #expect(changes["compared"] as? Int == 4)
        let groups = try #require(changes["groups"] as? [[String: Any]])
        #expect(groups.map { $0["change"] as? String } == ["allowed", "denied"])
        #expect(groups.map { $0["requests"] as? Int } == [3, 1])
        #expect(groups[0]["statement"] as? String == "Mesh")
        #expect(groups[1]["statement"] as? String == nil)
    }
}
