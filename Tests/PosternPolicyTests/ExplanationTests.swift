import PosternPolicy
import Testing

@Suite("explanation") struct ExplanationTests {
    private let json = """
        {"Version": "2012-10-17", "Statement": [
          {"Sid": "office", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "execute-api:/prod/*",
           "Condition": {"StringLike": {"aws:UserAgent": "curl*"},
                         "IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}},
          {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
           "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-mesh"}}},
          {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "execute-api:/dev/*"}
        ]}
        """

    private let inside = ConnectionFacts(sourceIP: address("10.0.0.1"), sourceVpce: "vpce-mesh")

    @Test("of an explicit deny names the statement, its condition and the value seen")
    func explicitDeny() throws {
        let facts = ConnectionFacts(sourceIP: address("10.0.0.1"), sourceVpce: "vpce-other")
        let explanation = try compile(json).explain(facts, Request(userAgent: "curl/8"))
        #expect(explanation.decision == .explicitDeny(statement: 1))
        #expect(explanation.decidingStatement == "#2")
        #expect(explanation.position == SourcePosition(file: "p.json", line: 5, column: 3))
        #expect(
            explanation.summary
                == .init(statement: "#2", condition: "StringNotEquals aws:SourceVpce", value: "vpce-other"))
        #expect(explanation.statements.map(\.applied) == [true, true, false])
    }

    @Test("of an absent value says so")
    func absent() throws {
        let explanation = try compile(json).explain(ConnectionFacts())
        #expect(explanation.summary == .init(statement: "#2", condition: "StringNotEquals aws:SourceVpce", value: nil))
        #expect(explanation.statements[0].conditions.map(\.seen) == [nil, nil])
    }

    @Test("of an implicit deny names the allow that came closest and what it lacked")
    func implicitDeny() throws {
        let policy = try compile(json)
        let outside = ConnectionFacts(sourceIP: address("203.0.113.9"), sourceVpce: "vpce-mesh")
        let explanation = policy.explain(outside, Request(userAgent: "curl/8"))
        #expect(explanation.decision == .implicitDeny)
        #expect(explanation.decidingStatement == nil && explanation.position == nil)
        #expect(
            explanation.summary
                == .init(statement: "office", condition: "IpAddress aws:VpcSourceIp", value: "203.0.113.9"))

        let agent = policy.explain(inside, Request(userAgent: "wget"))
        #expect(agent.summary == .init(statement: "office", condition: "StringLike aws:UserAgent", value: "wget"))

        let elsewhere = policy.explain(inside, Request("a1b2c3d4e5/test/GET/x", userAgent: "curl"))
        #expect(elsewhere.summary.statement == "office")
        #expect(elsewhere.summary.condition == "Resource")
        #expect(elsewhere.summary.value == "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/test/GET/x")
    }

    @Test("tells of every statement and condition what was seen, whether it matched and where it stands")
    func traces() throws {
        let explanation = try compile(json).explain(inside, Request(userAgent: "curl/8"))
        #expect(explanation.decision == .allow(statement: 0))
        #expect(explanation.decidingStatement == "office")
        let office = explanation.statements[0]
        #expect(office.applied && office.actionMatched && office.resourceMatched)
        #expect(office.conditions.map(\.name) == ["StringLike aws:UserAgent", "IpAddress aws:VpcSourceIp"])
        #expect(office.conditions.map(\.seen) == ["curl/8", "10.0.0.1"])
        #expect(office.conditions.map(\.matched) == [true, true])
        #expect(office.conditions.map(\.position.line) == [3, 4])
        #expect(office.conditions.map(\.position.column) == [33, 32])
        let dev = explanation.statements[2]
        #expect(!dev.applied && dev.actionMatched && !dev.resourceMatched && dev.conditions.isEmpty)
    }

    @Test("says when nothing could have allowed the request, and when the action is another")
    func nothing() throws {
        let deny = #"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"execute-api:/x/*"}}"#
        #expect(try compile(deny).explain().summary == .init())
        let cache =
            #"{"Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:InvalidateCache","Resource":"*"}}"#
        #expect(
            try compile(cache).explain().summary
                == .init(statement: "#1", condition: "Action", value: "execute-api:Invoke"))
    }

    @Test("cuts long values")
    func bounded() throws {
        let policy = try compile(allowing(condition: #"{"StringEquals":{"aws:Referer":"x"}}"#))
        let seen = policy.explain(ConnectionFacts(), Request(referer: String(repeating: "y", count: 10_000))).summary
            .value
        #expect(seen?.utf8.count == ConditionTrace.maximumSeen + "…".utf8.count)
    }
}
