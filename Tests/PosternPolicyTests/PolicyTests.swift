import PosternPolicy
import Testing

/// The tables of AWS's documented behaviour, one case a row.
@Suite("policy") struct PolicyTests {
    private static let arn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5"

    @Test(
        "resources match as text, wildcards spanning slashes",
        arguments: [
            ("arn:aws:execute-api:*:*:*", true),
            ("\(arn)/*", true),
            ("\(arn)/prod/*", true),
            ("\(arn)/*/GET/*", true),
            ("\(arn)/prod/GET/pets", false),
            ("\(arn)/prod/GET/pets/?", true),
            ("\(arn)/prod/*/1", true),
            ("\(arn)/prod/POST/*", false),
            ("\(arn)/prod/GET", false),
            ("*", true),
            ("arn:aws:execute-api:*", true),
            ("arn:*", true),
            ("arn:aws:execute-api", false),
            ("arn:aws:execute-api:us-east-?:123456789012:a1b2c3d4e5/prod/GET/pets/1", true),
            ("arn:aws:execute-api:*:a1b2c3d4e5/prod/GET/pets/1", false),
            ("arn:aws:execute*123456789012:*", false),
            ("arn:aws:execute-api:us-east-1:*:a1b2c3d4e5/PROD/*", false),
            ("execute-api:/*", true),
            ("execute-api:/prod/GET/pets/1", true),
            ("execute-api:/prod/GET/pets/*", true),
            ("execute-api:/prod/get/pets/*", false),
            ("execute-api:/dev/*", false),
            ("execute-api:/", false),
        ])
    func resources(pattern: String, matches: Bool) throws {
        let decision = try compile(allowing(resource: pattern)).decide()
        #expect(decision == (matches ? .allow(statement: 0) : .implicitDeny))
    }

    @Test(
        "`*` in the middle spans whole path segments, the method included",
        arguments: [
            ("execute-api:/prod/*/admin", "prod/GET/public/admin", true),
            ("execute-api:/prod/*/admin", "prod/GET/x/admin", true),
            ("execute-api:/prod/*/admin", "prod/GET/admin", true),
            ("execute-api:/prod/*/admin", "prod/GET/admins", false),
            ("execute-api:/prod/GET/", "prod/GET/", true), ("execute-api:/prod/GET/?", "prod/GET/", false),
            ("execute-api:/prod/GET/a:b:c", "prod/GET/a:b:c", true),
            ("arn:aws:execute-api:*:*:*:c", "prod/GET/a:b:c", true),
            ("execute-api:/prod/GET/*ab*ab", "prod/GET/xabab", true),
            ("execute-api:/prod/GET/*ab*ab", "prod/GET/xab", false),
            ("execute-api:/prod/GET/a*a", "prod/GET/a", false), ("execute-api:/prod/GET/*?x", "prod/GET/x", false),
            ("execute-api:/prod/GET/*?x", "prod/GET/yx", true), ("execute-api:/prod/GET/???", "prod/GET/é😀x", true),
            ("execute-api:/prod/GET/??", "prod/GET/é", false), ("execute-api:/prod/GET/*?*?*", "prod/GET/é", false),
        ])
    func globs(pattern: String, path: String, matches: Bool) throws {
        let decision = try compile(allowing(resource: pattern)).decide(ConnectionFacts(), Request("a1b2c3d4e5/\(path)"))
        #expect(decision == (matches ? .allow(statement: 0) : .implicitDeny))
    }

    @Test("the shorthand's API id is text, whatever it is")
    func shorthandScope() throws {
        let scope = PolicyScope(partition: "aws-cn", region: "local", account: "000000000000", apiID: "shop")
        let policy = try Policy.compile(document(allowing(resource: "execute-api:/dev/*")), for: scope)
        #expect(policy.decide(ConnectionFacts(), Request("shop/dev/GET/")) == .allow(statement: 0))
        #expect(policy.decide(ConnectionFacts(), Request("shop2/dev/GET/")) == .implicitDeny)
        let full = allowing(resource: "arn:aws-cn:execute-api:local:000000000000:shop/dev/*")
        #expect(
            try Policy.compile(document(full), for: scope).decide(ConnectionFacts(), Request("shop/dev/GET/x"))
                == .allow(statement: 0))
    }

    @Test(
        "actions match in any case, with wildcards",
        arguments: [
            ("execute-api:Invoke", true), ("execute-api:*", true), ("*", true), ("EXECUTE-API:invoke", true),
            ("execute-api:I*", true), ("*:Invoke", true), ("execute-api:?nvoke", true),
            ("execute-api:InvalidateCache", false),
            ("execute-api:Inva*", false),
        ])
    func actions(written: String, covers: Bool) throws {
        let json = #"{"Statement":{"Effect":"Allow","Principal":"*","Action":"\#(written)","Resource":"*"}}"#
        #expect(try compile(json).decide() == (covers ? .allow(statement: 0) : .implicitDeny))
    }

    private static let first = #"""
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",
         "Resource":"execute-api:/*","Condition":{"IpAddress":{"aws:VpcSourceIp":["192.0.2.0/24","198.51.100.0/24"]}}}]}
        """#
    private static let second = #"""
        {"Version":"2012-10-17","Statement":[
         {"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":["execute-api:/*"]},
         {"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":["execute-api:/*"],
          "Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"}}}]}
        """#

    @Test(
        "the worked policies decide as documented",
        arguments: [
            ("192.0.2.9", "vpce-1a2b3c4d", Decision.allow(statement: 0), Decision.allow(statement: 0)),
            ("203.0.113.9", "vpce-1a2b3c4d", .implicitDeny, .allow(statement: 0)),
            ("192.0.2.9", "vpce-9", .allow(statement: 0), .explicitDeny(statement: 1)),
            (nil, nil, .implicitDeny, .explicitDeny(statement: 1)),
            ("::ffff:192.0.2.9", "vpce-1a2b3c4d", .allow(statement: 0), .allow(statement: 0)),
        ] as [(String?, String?, Decision, Decision)])
    func worked(source: String?, endpoint: String?, allowList: Decision, endpointOnly: Decision) throws {
        let facts = ConnectionFacts(sourceIP: source.map(address), sourceVpce: endpoint)
        #expect(try compile(PolicyTests.first).decide(facts) == allowList)
        #expect(try compile(PolicyTests.second).decide(facts) == endpointOnly)
    }

    @Test(
        "the worked policies and an authorizer that allows combine as documented",
        arguments: [
            ("203.0.113.9", "vpce-1a2b3c4d", PolicyAnswer.allow, PolicyAnswer.allow),
            ("203.0.113.9", "vpce-9", .allow, .explicitDeny), ("192.0.2.9", "vpce-9", .allow, .explicitDeny),
        ])
    func authorized(source: String, endpoint: String, allowList: PolicyAnswer, endpointOnly: PolicyAnswer) throws {
        let facts = ConnectionFacts(sourceIP: address(source), sourceVpce: endpoint)
        for (json, expected) in [(PolicyTests.first, allowList), (PolicyTests.second, endpointOnly)] {
            let answer = try compile(json).decide(facts).answer
            #expect(Policy.combine(policy: answer, authorizer: .allow, sameAccount: true) == expected)
        }
    }

    @Test(
        "an absent key fails every positive operator and satisfies every negated one",
        arguments: [
            ("StringEquals", "x", false), ("StringLike", "*", false), ("StringNotEquals", "x", true),
            ("StringNotLike", "*", true), ("Null", "true", true), ("Null", "false", false),
        ],
        ["aws:SourceVpc", "aws:SourceVpce", "aws:UserAgent", "aws:Referer"])
    func absentText(row: (name: String, value: String, holds: Bool), key: String) throws {
        let policy = try compile(allowing(condition: "{\"\(row.name)\":{\"\(key)\":\"\(row.value)\"}}"))
        #expect(policy.decide() == (row.holds ? .allow(statement: 0) : .implicitDeny))
    }

    @Test(
        "an absent address is in no network",
        arguments: [
            ("IpAddress", "0.0.0.0/0", false), ("NotIpAddress", "0.0.0.0/0", true), ("Null", "true", true),
            ("Null", "false", false),
        ],
        ["aws:SourceIp", "aws:VpcSourceIp"])
    func absentAddress(row: (name: String, value: String, holds: Bool), key: String) throws {
        let policy = try compile(allowing(condition: "{\"\(row.name)\":{\"\(key)\":\"\(row.value)\"}}"))
        #expect(policy.decide() == (row.holds ? .allow(statement: 0) : .implicitDeny))
    }

    /// A condition, the facts that it sees, whether it holds.
    private static let present: [(String, ConnectionFacts, Request, Bool)] = {
        let vpce = ConnectionFacts(sourceVpce: "vpce-a", sourceVpc: "vpc-a")
        let v4 = ConnectionFacts(sourceIP: address("10.1.2.3"))
        let v6 = ConnectionFacts(sourceIP: address("fd00::1"))
        let tls = ConnectionFacts(secureTransport: true)
        let none = ConnectionFacts()
        let agent = Request(userAgent: "curl/8.1", referer: "")
        let plain = Request()
        return [
            (#"{"StringEquals":{"aws:SourceVpce":["vpce-b","vpce-a"]}}"#, vpce, plain, true),
            (#"{"StringNotEquals":{"aws:SourceVpce":["vpce-b","vpce-a"]}}"#, vpce, plain, false),
            (#"{"StringNotEquals":{"aws:SourceVpce":["vpce-b","vpce-c"]}}"#, vpce, plain, true),
            (#"{"StringEquals":{"aws:SourceVpce":"vpce-*"}}"#, vpce, plain, false),
            (#"{"StringEquals":{"aws:SourceVpce":"VPCE-A"}}"#, vpce, plain, false),
            (#"{"StringLike":{"aws:SourceVpc":"vpc-?"}}"#, vpce, plain, true),
            (#"{"StringNotLike":{"aws:SourceVpc":["vpc-b*","*-a"]}}"#, vpce, plain, false),
            (#"{"Null":{"aws:SourceVpce":"false"}}"#, vpce, plain, true),
            (#"{"Null":{"aws:SourceVpce":true}}"#, vpce, plain, false),
            (#"{"Null":{"aws:SourceVpce":["true","false"]}}"#, vpce, plain, true),
            (#"{"Null":{"aws:SourceVpce":["true","false"]}}"#, none, plain, true),
            (#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, v4, plain, true),
            (#"{"IpAddress":{"aws:VpcSourceIp":["fd00::/8","10.1.2.3"]}}"#, v4, plain, true),
            (#"{"IpAddress":{"aws:SourceIp":"::/0"}}"#, v4, plain, false),
            (#"{"NotIpAddress":{"aws:SourceIp":"::/0"}}"#, v4, plain, true),
            (#"{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","::/0"]}}"#, v4, plain, false),
            (#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, v6, plain, false),
            (#"{"IpAddress":{"aws:SourceIp":"::ffff:10.0.0.0/104"}}"#, v4, plain, true),
            (#"{"Bool":{"aws:SecureTransport":"true"}}"#, tls, plain, true),
            (#"{"Bool":{"aws:SecureTransport":"TRUE"}}"#, none, plain, false),
            (#"{"Bool":{"aws:SecureTransport":false}}"#, none, plain, true),
            (#"{"Bool":{"aws:SecureTransport":[true,false]}}"#, none, plain, true),
            (#"{"Null":{"aws:SecureTransport":false}}"#, none, plain, true),
            (#"{"StringLike":{"aws:UserAgent":"curl/*"}}"#, none, agent, true),
            (#"{"StringNotLike":{"aws:UserAgent":"curl/*"}}"#, none, agent, false),
            (#"{"StringEquals":{"aws:Referer":""}}"#, none, agent, true),
            (#"{"StringEquals":{"aws:Referer":""}}"#, none, plain, false),
            (#"{"Null":{"aws:Referer":"false"}}"#, none, agent, true),
            (#"{"StringLike":{"aws:Referer":"?*"}}"#, none, agent, false),
            (#"{"StringLike":{"aws:UserAgent":"curl/*"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, v4, agent, true),
            (#"{"StringLike":{"aws:UserAgent":"curl/*"},"IpAddress":{"aws:SourceIp":"11.0.0.0/8"}}"#, v4, agent, false),
            (#"{"StringLike":{"aws:UserAgent":"wget*","aws:Referer":"*"}}"#, none, agent, false),
        ]
    }()

    @Test("conditions AND, values OR, negated values NOR", arguments: present.indices)
    func conditions(row: Int) throws {
        let (condition, facts, request, holds) = PolicyTests.present[row]
        let decision = try compile(allowing(condition: condition)).decide(facts, request)
        #expect(decision == (holds ? .allow(statement: 0) : .implicitDeny), "\(condition)")
    }
}
