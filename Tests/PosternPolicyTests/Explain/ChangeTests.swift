import Foundation
import PosternPolicy
import Testing

/// The changes that an explanation proposes, made.
@Suite("proposed changes") struct ChangeTests {
    private func changes(
        _ json: String, _ facts: ConnectionFacts = ConnectionFacts(), _ request: Request = Request()
    ) throws -> [DocumentEdit] {
        let document = try document(json)
        let policy = try Policy.compile(document, for: testScope)
        let explanation = request.withFacts { policy.explain(facts, $0, document: document) }
        let edits = explanation.changes
        if case .allow = explanation.decision {
            #expect(edits.isEmpty)
        } else {
            let changed = try #require(edits.apply(to: document))
            #expect(try Policy.compile(changed, for: testScope).decide(facts, request).answer == .allow, "\(edits)")
        }
        return edits
    }

    private func statement(_ effect: String, _ rest: String) -> String {
        #"{"Sid":"S","Effect":"\#(effect)","Principal":"*","Action":"*",\#(rest)}"#
    }

    private func policy(_ statements: String...) -> String {
        "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ","))]}"
    }

    /// What is proposed for a policy that allows everything but for one deny.
    private func sparing(_ rest: String, _ facts: ConnectionFacts, _ request: Request = Request()) throws -> [String] {
        let open = #"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#
        return try changes(policy(open, statement("Deny", rest)), facts, request).map(\.text)
    }

    private let caller = ConnectionFacts(sourceIP: address("10.9.0.7"), sourceVpce: "vpce-a")

    @Test func `an address is added to the list that lacks it, where the list stands`() throws {
        let json = allowing(condition: #"{"IpAddress":{"aws:SourceIp":["10.1.0.0/16","10.2.0.0/16"]}}"#)
        let edit = try #require(try changes(json, caller).first)
        #expect(edit.text == "add `10.9.0.7/32` to `IpAddress aws:SourceIp` of `#1`")
        #expect(edit.pointer == "/Statement/Condition/IpAddress/aws:SourceIp/-")
        let list = json.utf8.distance(from: json.startIndex, to: json.range(of: "[")!.lowerBound) + 1
        #expect(edit.position == SourcePosition(file: "p.json", line: 1, column: list))
    }

    @Test func `one change is enough wherever one part is missing`() throws {
        func texts(_ rest: String, _ facts: ConnectionFacts, _ request: Request = Request()) throws -> [String] {
            try changes(policy(statement("Allow", rest)), facts, request).map(\.text)
        }
        let all = #""Resource":"*","Condition":"#
        #expect(
            try texts(all + #"{"StringEquals":{"aws:SourceVpce":"vpce-b"}}"#, caller)
                == ["add `vpce-a` to `StringEquals aws:SourceVpce` of `S`"])
        #expect(
            try texts(#""Resource":"execute-api:/prod/GET/orders""#, caller)
                == ["add `execute-api:/prod/GET/pets/1` to `Resource` of `S`"])
        #expect(
            try texts(all + #"{"NotIpAddress":{"aws:SourceIp":["10.9.0.0/24","10.8.0.0/24","10.0.0.0/8"]}}"#, caller)
                == [
                    "remove `10.0.0.0/8` from `NotIpAddress aws:SourceIp` of `S`",
                    "remove `10.9.0.0/24` from `NotIpAddress aws:SourceIp` of `S`",
                ])
        #expect(
            try texts(all + #"{"StringEquals":{"aws:SourceVpce":"vpce-a","aws:SourceVpc":"v"}}"#, caller)
                == [
                    "write `StringEqualsIfExists` for `StringEquals` in `S`, which holds where `aws:SourceVpc` is absent"
                ])
        #expect(
            try texts(all + #"{"Bool":{"aws:SecureTransport":"true"}}"#, caller)
                == ["add `false` to `Bool aws:SecureTransport` of `S`"])
        var noon = Request()
        noon.time = PolicyTime("2026-11-22T12:30:00Z")
        #expect(
            try texts(all + #"{"DateLessThan":{"aws:CurrentTime":"2026-11-22T12:00:00Z"}}"#, caller, noon)
                == [
                    "write `2026-11-22T12:30:01Z` for `2026-11-22T12:00:00Z` in `DateLessThan aws:CurrentTime` of `S`"
                ])
        #expect(
            try texts(all + #"{"NumericLessThan":{"postern:TimeOfDay":"12:00"}}"#, caller, noon)
                == ["write `12:31` for `12:00` in `NumericLessThan postern:TimeOfDay` of `S`"])
        #expect(
            try texts(all + #"{"StringEquals":{"postern:DayOfWeek":["Monday","Tuesday"]}}"#, caller, noon)
                == ["add `Sunday` to `StringEquals postern:DayOfWeek` of `S`"])
    }

    @Test func `a caller is added to the principals by its name`() throws {
        let json =
            #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"UnixUser":"web"},"#
            + #""Action":"*","Resource":"*"}}"#
        let orders = ConnectionFacts(unix: UnixPeerFacts(uid: 7, gid: 7, user: "orders"))
        #expect(try changes(json, orders).map(\.text) == ["add `orders` to `Principal` of `#1`"])
        let spiffe = ConnectionFacts(certificate: CertificateFacts(spiffeID: "spiffe://prod/ns/a"))
        #expect(try changes(json, spiffe).map(\.text) == ["add `SPIFFE` `spiffe://prod/ns/a` to `Principal` of `#1`"])
        #expect(try changes(json).map(\.text) == ["write `\"*\"`, everyone, as `Principal` of `#1`"])
    }

    @Test func `wildcards and variables in what was seen stay plain text`() throws {
        let json = allowing(condition: #"{"StringLike":{"aws:UserAgent":"curl"}}"#)
        let edits = try changes(json, caller, Request(userAgent: "a*b?c${d}"))
        #expect(edits.map(\.text) == ["add `a${*}b${?}c${$}{d}` to `StringLike aws:UserAgent` of `#1`"])
    }

    @Test func `of several statements the one that takes the fewest changes is changed`() throws {
        let two = #"{"StringEquals":{"aws:SourceVpce":"x","aws:Referer":"y"}}"#
        let one = #"{"IpAddress":{"aws:SourceIp":"10.0.0.1"},"StringEquals":{"aws:SourceVpce":"vpce-a"}}"#
        let json = policy(
            #"{"Sid":"Far","Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":\#(two)}"#,
            #"{"Sid":"Near","Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":\#(one)}"#)
        #expect(try changes(json, caller).map(\.text) == ["add `10.9.0.7/32` to `IpAddress aws:SourceIp` of `Near`"])
    }

    @Test func `an explicit deny tells which value would have to go, or what would spare the request`() throws {
        let all = #""Resource":"*","Condition":"#
        #expect(
            try sparing(all + #"{"StringNotEquals":{"aws:SourceVpce":"vpce-b"}}"#, caller)
                == ["add `vpce-a` to `StringNotEquals aws:SourceVpce` of `S`"])
        #expect(
            try sparing(all + #"{"IpAddress":{"aws:SourceIp":["10.1.0.0/16","10.9.0.0/16"]}}"#, caller)
                == ["remove `10.9.0.0/16` from `IpAddress aws:SourceIp` of `S`"])
        #expect(
            try sparing(all + #"{"IpAddress":{"aws:SourceIp":"10.9.0.0/16"}}"#, caller)
                == ["add the condition `NotIpAddress` `aws:SourceIp` `10.9.0.7/32` to `S`"])
        #expect(
            try sparing(all + #"{"StringNotEquals":{"aws:SourceVpc":"v"}}"#, caller)
                == ["add the condition `Null` `aws:SourceVpc` `false` to `S`"])
        #expect(
            try sparing(#""Resource":["execute-api:/prod/GET/pets/*","execute-api:/dev/*"]"#, caller)
                == ["remove `execute-api:/prod/GET/pets/*` from `Resource` of `S`"])
        #expect(
            try sparing(#""NotResource":"execute-api:/prod/GET/health""#, caller)
                == ["add `execute-api:/prod/GET/pets/1` to `NotResource` of `S`"])
        #expect(try sparing(#""Resource":"*""#, caller) == ["remove the statement `S`"])
    }

    @Test func `a policy without an allow gets one, for this source and this resource only`() throws {
        let edits = try changes(policy(statement("Deny", #""Resource":"execute-api:/dev/*""#)), caller)
        let edit = try #require(edits.first)
        #expect(edits.count == 1 && edit.pointer == "/Statement/-")
        #expect(
            edit.text == #"add the statement {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "#
                + #""Resource": "execute-api:/prod/GET/pets/1", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-a"}, "#
                + #""IpAddress": {"aws:SourceIp": "10.9.0.7"}}}"#)
        let lone =
            #"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#
        #expect(try changes(lone, caller).map(\.pointer) == ["/Statement"])
    }

    @Test func `a statement in shadow mode that would allow only has to be enforced`() throws {
        let json = policy(statement("Allow", #""Resource":"*","postern:Mode":"shadow""#))
        #expect(try changes(json, caller).map(\.text) == ["remove `postern:Mode` from `S`"])
    }

    @Test func `another document than the one that was compiled proposes nothing`() throws {
        let policy = try compile(allowing(condition: #"{"StringEquals":{"aws:SourceVpce":"b"}}"#))
        let other = try document(" " + allowing())
        let explanation = Request().withFacts { policy.explain(caller, $0, document: other) }
        #expect(explanation.changes.isEmpty && explanation.statements[0].elements.isEmpty)
    }

    @Test func `a list of 100,000 networks is told by its number and gains one address`() throws {
        let networks = (0..<100_000).map { "\"11.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)\"" }
        let json = allowing(condition: #"{"IpAddress":{"aws:SourceIp":[\#(networks.joined(separator: ","))]}}"#)
        let document = try document(json)
        let policy = try Policy.compile(document, for: testScope)
        let explanation = Request().withFacts { policy.explain(caller, $0, document: document) }
        #expect(
            explanation.statements[0].conditions[0].wanted?.text
                == "one of 100,000 networks (`11.0.0.0`, `11.0.0.1`, `11.0.0.2`, …)")
        #expect(explanation.changes.map(\.text) == ["add `10.9.0.7/32` to `IpAddress aws:SourceIp` of `#1`"])
        let inside = ConnectionFacts(sourceIP: address("11.0.1.2"))
        let hit = Request().withFacts { policy.explain(inside, $0, document: document) }.statements[0].conditions[0].hit
        #expect(hit?.text == "11.0.1.2")
    }

    /// `POSTERN_TEST_SEED` repeats a run, `POSTERN_TEST_POLICIES` sets how many policies it makes.
    @Test func `whatever the policy and the request, the changes make it allowed`() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["POSTERN_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        let policies = environment["POSTERN_TEST_POLICIES"].flatMap { Int($0) } ?? 600
        print("proposed changes seed: \(seed)")
        var generator = PolicyGenerator(random: SeededGenerator(state: seed))
        var counts: [Int: Int] = [:]
        for number in 0..<policies {
            let json = PolicyGenerator.document(generator.policy(), version: generator.version())
            let document = try document(json)
            let policy = try Policy.compile(document, for: testScope)
            for _ in 0..<3 {
                let question = try #require(GatewayQuestion(generator.question()))
                let explanation = question.request.withFacts {
                    policy.explain(question.facts, $0, document: document)
                }
                let edits = explanation.changes
                counts[edits.count, default: 0] += 1
                if case .allow = explanation.decision {
                    #expect(edits.isEmpty)
                    continue
                }
                let changed = edits.apply(to: document)
                let decision = try changed.map {
                    try Policy.compile($0, for: testScope).decide(question.facts, question.request).answer
                }
                #expect(
                    !edits.isEmpty && decision == .allow,
                    "seed \(seed), policy \(number): \(edits.map(\.text)) in \(json) for \(question)")
                if edits.isEmpty || decision != .allow { return }
            }
        }
        #expect(counts[0, default: 0] > 0 && counts[1, default: 0] > 0 && counts[2, default: 0] > 0, "\(counts)")
    }
}
