import PosternPolicy
import Testing

@Suite("lint of policies") struct PolicyLintTests {
    private func rules(_ statements: [String], routes: AnalysedRoutes? = nil) throws -> [String] {
        let node = try document(PolicyGenerator.document(statements))
        return try PolicyLint.findings(in: node, for: testScope, routes: routes).map(\.rule.rawValue)
    }

    private let network = #"{"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}}"#

    @Test("An allow that nothing fences admits everyone; one that a deny on sources fences everywhere does not")
    func width() throws {
        let fence = denying("F", condition: #"{"StringNotEquals":{"aws:SourceVpce":"a"}}"#)
        #expect(try rules([statement("A")]) == ["admits-everyone"])
        #expect(
            try rules([statement("A", condition: #"{"StringEquals":{"aws:UserAgent":"x"}}"#)]) == ["admits-everyone"])
        #expect(try rules([statement("A", condition: network)]) == [])
        #expect(try rules([statement("A", principal: #"{"UnixUser":"orders"}"#)]) == [])
        #expect(try rules([statement("A"), fence]) == [])
        #expect(try rules([statement("A", resource: "execute-api:/*"), fence]) == ["admits-everyone"])
        #expect(
            try rules([statement("A"), denying("F", condition: #"{"StringEquals":{"aws:UserAgent":"x"}}"#)])
                == ["admits-everyone"])
    }

    @Test("Statements that never apply, or whose requests are all denied, are unreachable")
    func reach() throws {
        let contradiction =
            #"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"NotIpAddress":{"aws:VpcSourceIp":"10.0.0.0/7"}}"#
        #expect(try rules([statement("A", condition: contradiction)]) == ["unreachable-statement"])
        let inside = statement("A", condition: #"{"IpAddress":{"aws:VpcSourceIp":"10.1.0.0/16"}}"#)
        #expect(try rules([inside, denying("D", condition: network)]) == ["unreachable-statement"])
        // Two denies that cover it together.
        let halves = ["10.1.0.0/17", "10.1.128.0/17"].map {
            denying($0, condition: #"{"IpAddress":{"aws:VpcSourceIp":"\#($0)"}}"#)
        }
        #expect(try rules([inside] + halves) == ["unreachable-statement"])
        #expect(try rules([inside, halves[0]]) == [])
    }

    @Test("Conditions that always or never hold, and IfExists for what is always there")
    func conditions() throws {
        let cases: [(String, [String])] = [
            (#"{"Null":{"aws:SecureTransport":true}}"#, ["unreachable-statement", "condition-always-false"]),
            (#"{"StringLike":{"aws:SourceVpce":"*"},"Bool":{"aws:SecureTransport":true}}"#, ["condition-always-true"]),
            (#"{"StringEqualsIfExists":{"aws:SourceVpce":"a"}}"#, ["needless-if-exists"]),
            (#"{"StringEqualsIfExists":{"aws:SourceVpc":"a"}}"#, []),
            (#"{"IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}}"#, []),
        ]
        for (condition, expected) in cases {
            #expect(try rules([statement("A", condition: condition)]) == expected, "\(condition)")
        }
    }

    @Test("Networks in networks of their list, statements that stand twice, resources without a route")
    func lists() throws {
        let nested =
            #"{"IpAddress":{"aws:SourceIp":["10.1.0.0/16","192.0.2.1","10.0.0.0/8","10.1.2.0/24","192.0.2.1"]}}"#
        #expect(try rules([statement("A", condition: nested)]) == ["shadowed-cidr", "shadowed-cidr", "shadowed-cidr"])
        #expect(
            try rules([statement("A", condition: network), statement("B", condition: network)]) == [
                "duplicate-statement"
            ])
        let orphan = statement("A", resource: "execute-api:/prod/GET/orders", condition: network)
        #expect(try rules([orphan]) == [])
        #expect(try rules([orphan], routes: shopRoutes) == ["unreachable-statement", "resource-without-route"])
    }

    @Test("NotPrincipal with Allow is a finding, although the policy cannot be compiled; other errors are errors")
    func notPrincipal() throws {
        let statement =
            #"{"Effect":"Allow","NotPrincipal":{"AWS":"123456789012"},"Action":"execute-api:Invoke","Resource":"*"}"#
        #expect(try rules([statement]) == ["not-principal-allow"])
        #expect(throws: Diagnostics.self) { try rules([statement.replacing("Invoke", with: "Invok")]) }
    }
}
