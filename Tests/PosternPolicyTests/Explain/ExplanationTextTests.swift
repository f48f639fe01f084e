import PosternPolicy
import Testing

@Suite("explanation text") struct ExplanationTextTests {
    private func render(_ json: String, _ facts: ConnectionFacts, _ request: Request = Request()) throws -> String {
        let document = try document(json)
        let policy = try Policy.compile(document, for: testScope)
        return ExplanationText.render(
            request.withFacts { policy.explain(facts, $0, document: document) }, title: "a request")
    }

    private let caller = ConnectionFacts(sourceIP: address("10.9.0.7"), sourceVpce: "vpce-a")

    /// What the one condition of a statement wants.
    private func wanted(_ condition: String, _ facts: ConnectionFacts? = nil) throws -> String {
        let document = try document(allowing(condition: condition))
        let policy = try Policy.compile(document, for: testScope)
        let explanation = Request().withFacts { policy.explain(facts ?? caller, $0, document: document) }
        return try #require(explanation.statements[0].conditions[0].wanted?.text)
    }

    @Test func `tells the decision, each statement in columns, and the change`() throws {
        let json = """
            {"Version": "2012-10-17", "Statement": [
              {"Sid": "Mesh", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "execute-api:/prod/*",
               "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-b"},
                             "IpAddress": {"aws:SourceIp": ["10.1.0.0/16", "10.9.0.0/16"]}}}
            ]}
            """
        #expect(
            try render(json, caller) == """
                a request
                denied: no statement allows it

                p.json:2:3  Allow `Mesh` does not apply
                  yes  2:38  Principal                    anonymous                       wants `*`
                  yes  2:56  Action                       `execute-api:Invoke`            wants `*`
                  yes  2:71  Resource                     `execute-api:/prod/GET/pets/1`  wants `execute-api:/prod/*`
                  no   3:35  StringEquals aws:SourceVpce  `vpce-a`                        wants `vpce-b`
                  yes  4:32  IpAddress aws:SourceIp       `10.9.0.7`                      wants one of `10.1.0.0/16`, \
                `10.9.0.0/16`; meets `10.9.0.0/16` at 4:64

                one change would allow it:
                  p.json:3:53  add `vpce-a` to `StringEquals aws:SourceVpce` of `Mesh`

                """)
    }

    @Test func `tells of shadow mode when it would change the outcome`() throws {
        let json =
            #"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},"#
            + #"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","postern:Mode":"shadow"}]}"#
        let text = try render(json, caller)
        #expect(text.hasPrefix("a request\nallowed by `#1`, p.json:1:15\n"))
        #expect(text.contains("with the statements in shadow mode enforced: denied\n"))
        #expect(text.contains("Deny `#2` applies, in shadow mode: decides nothing\n"))
    }

    @Test func `says what each kind of condition wants`() throws {
        #expect(try wanted(#"{"StringNotEquals":{"aws:SourceVpce":"a"}}"#) == "not `a`")
        #expect(try wanted(#"{"StringNotLike":{"aws:SourceVpce":["a*","b"]}}"#) == "none of `a*`, `b`")
        #expect(try wanted(#"{"StringLikeIfExists":{"aws:SourceVpce":"a*"}}"#) == "`a*`, or absent")
        #expect(try wanted(#"{"NumericLessThanEquals":{"aws:EpochTime":5}}"#) == "at most `5`")
        #expect(try wanted(#"{"DateGreaterThan":{"aws:CurrentTime":"2026"}}"#) == "after `2026`")
        #expect(try wanted(#"{"Null":{"aws:SourceVpc":true}}"#) == "absent")
        #expect(try wanted(#"{"Null":{"aws:SourceVpc":"false"}}"#) == "present")
        #expect(
            try wanted(#"{"ForAllValues:StringEquals":{"postern:CertificateSanDns":["a","b"]}}"#)
                == "every value one of `a`, `b`")
        #expect(
            try wanted(#"{"IpAddress":{"aws:SourceIp":["10.0.0.1","10.0.0.2","10.0.0.3","10.0.0.4"]}}"#)
                == "one of 4 networks (`10.0.0.1`, `10.0.0.2`, `10.0.0.3`, …)")
    }
}
