import Testing

@Suite("The policy is asked on every request")
struct PolicyTests {
    private static let arn = "arn:aws:execute-api:us-east-1:********9012:shop/dev/GET/x"
    private static let implicit =
        #"{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: \#(arn)"}"#
    private static let explicit = implicit.dropLast(2) + #" with an explicit deny"}"#

    private func gateway(_ policy: String?) throws -> Gateway {
        var configuration = try Configuration(listeners: [
            Listener("vpce-one", options: "vpc: vpc-core, defaultApi: shop"),
            Listener("vpce-two", options: "defaultApi: shop"),
        ])
        let mock = "{type: MOCK, body: fine}"
        let routes = ["ANY /x": mock, "ANY /y/{rest+}": mock, "ANY /": mock]
        configuration.add(API("shop", stages: "{dev: {}, prod: {}}", policy: policy, routes))
        return try Gateway(configuration)
    }

    @Test("An API without a policy refuses every request")
    func noPolicy() throws {
        let gateway = try gateway(nil)
        let response = try gateway.get("/dev/x")
        #expect(response.status == 403)
        #expect(response["x-amzn-ErrorType"] == "AccessDeniedException")
        #expect(response.text == Self.implicit)
        let record = try gateway.record(of: response)
        #expect(record["errorReason"] == "no_policy")
        #expect(record["decision"] == "implicitDeny")
    }

    @Test("A network is allowed and another is not, with AWS's words and the masked account")
    func networks() throws {
        let condition = #"{"IpAddress":{"aws:SourceIp":["127.0.0.2/32","10.0.0.0/8"]}}"#
        let gateway = try gateway(Policies.policy(Policies.statement("Allow", sid: "Mesh", condition)))
        #expect(try gateway.call("GET", "/dev/x", from: "127.0.0.2").text == "fine")
        let response = try gateway.call("GET", "/dev/x", from: "127.0.0.3")
        #expect(response.status == 403)
        #expect(response["x-amzn-ErrorType"] == "AccessDeniedException")
        #expect(response["Content-Type"] == "application/json")
        #expect(response.text == Self.implicit)
    }

    @Test("aws:VpcSourceIp is the caller's address too")
    func vpcSourceIP() throws {
        let condition = #"{"IpAddress":{"aws:VpcSourceIp":"127.0.0.2"}}"#
        let gateway = try gateway(Policies.policy(Policies.statement("Allow", condition)))
        #expect(try gateway.call("GET", "/dev/x", from: "127.0.0.2").status == 200)
        #expect(try gateway.call("GET", "/dev/x", from: "127.0.0.3").status == 403)
    }

    @Test("One endpoint is allowed, any other explicitly denied, and the log names statement and value")
    func endpoints() throws {
        let condition = #"{"StringNotEquals":{"aws:SourceVpce":"vpce-one"}}"#
        let gateway = try gateway(
            Policies.policy(Policies.statement("Allow"), Policies.statement("Deny", sid: "OnlyOne", condition)))
        let allowed = try gateway.call("GET", "/dev/x", by: "vpce-one")
        #expect(allowed.status == 200)
        let allow = try gateway.record(of: allowed)
        #expect(allow["decision"] == "allow")
        #expect(allow["vpceId"] == "vpce-one")
        #expect(allow["vpcId"] == "vpc-core")

        let response = try gateway.call("GET", "/dev/x", by: "vpce-two")
        #expect(response.status == 403)
        #expect(response.text == Self.explicit)
        let deny = try gateway.record(of: response)
        #expect(deny["decision"] == "explicitDeny")
        #expect(deny["errorResponseType"] == "ACCESS_DENIED")
        #expect(deny["policyStatement"] == "OnlyOne")
        #expect(deny["policyCondition"]?.contains("aws:SourceVpce") == true)
        #expect(deny["policyValue"] == "vpce-two")
        #expect(deny["vpceId"] == "vpce-two")
    }

    @Test("An implicit deny names the condition that came nearest and what it saw")
    func nearMiss() throws {
        let condition = #"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#
        let gateway = try gateway(Policies.policy(Policies.statement("Allow", sid: "Mesh", condition)))
        let record = try gateway.record(of: try gateway.call("GET", "/dev/x", from: "127.0.0.9"))
        #expect(record["decision"] == "implicitDeny")
        #expect(record["policyStatement"] == "Mesh")
        #expect(record["policyCondition"]?.contains("aws:SourceIp") == true)
        #expect(record["policyValue"] == "127.0.0.9")
    }

    @Test("A statement without Sid is named by its number")
    func numberedStatement() throws {
        let condition = #"{"StringEquals":{"aws:SourceVpce":"vpce-two"}}"#
        let gateway = try gateway(Policies.policy(Policies.statement("Allow"), Policies.statement("Deny", condition)))
        let record = try gateway.record(of: try gateway.call("GET", "/dev/x", by: "vpce-two"))
        #expect(record["policyStatement"] == "#2")
    }

    @Test("A listener's VPC counts, and is absent where the listener has none")
    func sourceVPC() throws {
        let condition = #"{"StringEquals":{"aws:SourceVpc":"vpc-core"}}"#
        let gateway = try gateway(Policies.policy(Policies.statement("Allow", condition)))
        #expect(try gateway.call("GET", "/dev/x", by: "vpce-one").status == 200)
        #expect(try gateway.call("GET", "/dev/x", by: "vpce-two").status == 403)
    }

    @Test("Plain HTTP is not secure transport")
    func secureTransport() throws {
        let denied = try gateway(
            Policies.policy(
                Policies.statement("Allow"),
                Policies.statement("Deny", #"{"Bool":{"aws:SecureTransport":"false"}}"#)))
        #expect(try denied.get("/dev/x").text == Self.explicit)
    }

    @Test("What a resource pattern does not cover is refused, by stage, method and path")
    func resources() throws {
        let gateway = try gateway(
            Policies.policy(
                Policies.statement("Allow", resource: "execute-api:/dev/GET/*"),
                Policies.statement("Allow", resource: "arn:aws:execute-api:us-east-1:123456789012:shop/prod/*/y/?/z")))
        let cases = [
            ("GET", "/dev/x", 200), ("GET", "/dev", 200), ("GET", "/dev/y/a/b", 200), ("POST", "/dev/x", 403),
            ("GET", "/prod/x", 403), ("DELETE", "/prod/y/1/z", 200), ("DELETE", "/prod/y/12/z", 403),
            ("DELETE", "/prod/y/1/z/", 200),
        ]
        for (method, target, status) in cases {
            #expect(try gateway.call(method, target).status == status, "\(method) \(target)")
        }
    }

    @Test("The method after an override is the one that the policy sees")
    func overriddenMethod() throws {
        let gateway = try gateway(Policies.policy(Policies.statement("Allow", resource: "execute-api:/dev/GET/x")))
        let response = try gateway.get("/dev/x", ["X-HTTP-Method-Override: DELETE"])
        #expect(response.status == 403)
        #expect(response.text.contains("shop/dev/DELETE/x"))
    }

    @Test("Decisions on headers are made request by request on one connection")
    func headersOnOneConnection() throws {
        let gateway = try gateway(
            Policies.policy(
                Policies.statement("Allow", #"{"StringLike":{"aws:UserAgent":"mesh/*"}}"#),
                Policies.statement("Allow", #"{"StringEquals":{"aws:Referer":"https://intranet/"}}"#),
                Policies.statement("Deny", sid: "Bots", #"{"StringLike":{"aws:UserAgent":"*bot*"}}"#)))
        let wire = try gateway.connect()
        let cases: [([String], Int)] = [
            (["User-Agent: mesh/1"], 200), ([], 403), (["User-Agent: Mesh/1"], 403), (["user-agent: mesh/2"], 200),
            (["Referer: https://intranet/"], 200), (["Referer: https://intranet"], 403),
            (["User-Agent: mesh/robot"], 403), (["User-Agent: robot", "Referer: https://intranet/"], 403),
        ]
        for (fields, status) in cases {
            #expect(try wire.exchange("GET", "/dev/x", fields).status == status, "\(fields)")
        }
        #expect(try gateway.record { $0["userAgent"] == "mesh/robot" }["policyStatement"] == "Bots")
    }

    @Test("Two user agents cannot be two answers to one question")
    func doubledHeader() throws {
        let gateway = try gateway(Policies.open)
        #expect(try gateway.get("/dev/x", ["User-Agent: a", "User-Agent: b"]).status == 400)
        #expect(try gateway.get("/dev/x", ["Referer: a", "Referer: b"]).status == 400)
    }

    @Test("An unrouted request is told so before the policy is asked")
    func routingFirst() throws {
        let gateway = try gateway(Policies.policy(Policies.statement("Deny")))
        #expect(try gateway.get("/dev/nowhere").text == #"{"message":"Missing Authentication Token"}"#)
        #expect(try gateway.get("/dev/x").text == Self.explicit)
    }

    @Test("A policy may be a file of AWS JSON")
    func policyFile() throws {
        let directory = try TemporaryDirectory()
        let text = Policies.policy(Policies.statement("Allow", #"{"Null":{"aws:Referer":"true"}}"#))
        try directory.write(text, to: "policy.json")
        let gateway = try gateway(directory.file("policy.json"))
        #expect(try gateway.get("/dev/x").status == 200)
        #expect(try gateway.get("/dev/x", ["Referer: a"]).status == 403)
    }

    @Test("A method ARN over 1,600 bytes is 414, and one of 1,600 is not")
    func longARN() throws {
        let gateway = try gateway(Policies.open)
        let fixed = "arn:aws:execute-api:us-east-1:123456789012:shop/dev/GET/y/".utf8.count
        let longest = String(repeating: "a", count: 1600 - fixed)
        #expect(try gateway.get("/dev/y/" + longest).status == 200)
        let response = try gateway.get("/dev/y/" + longest + "a")
        #expect(response.status == 414)
        #expect(response.text == #"{"message":"Request URI too long"}"#)
    }
}
