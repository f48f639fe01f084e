import PosternPolicy
import Testing

@Suite("sources of a policy") struct SourceTests {
    private func decides(_ condition: String, _ facts: ConnectionFacts, _ request: Request = Request()) throws -> Bool {
        try compile(allowing(condition: condition)).decide(facts, request) == .allow(statement: 0)
    }

    @Test("Unix peers are known by uid, gid, user, group and unit; others have none of these")
    func unix() throws {
        let peer = ConnectionFacts(
            unix: UnixPeerFacts(uid: 33, gid: 34, user: "orders", group: "web", unit: "orders.service"))
        for condition in [
            #"{"NumericLessThan":{"postern:UnixUid":1000}}"#, #"{"StringEquals":{"postern:UnixGid":"34"}}"#,
            #"{"StringEquals":{"postern:UnixUser":"orders","postern:UnixGroup":"web"}}"#,
            #"{"StringLike":{"postern:SystemdUnit":"orders*.service"}}"#,
        ] {
            #expect(try decides(condition, peer))
            #expect(try !decides(condition, ConnectionFacts(sourceIP: address("10.0.0.1"))))
        }
    }

    @Test("certificates are known by their parts; a connection without one has none")
    func certificate() throws {
        let facts = ConnectionFacts(
            certificate: CertificateFacts(
                spiffeID: "spiffe://prod/ns/orders/sa/api", subject: "CN=api", issuer: "CN=ca", serial: "01:ab",
                fingerprint: "00ff", sanDNS: ["api.internal", "b"], sanURI: ["spiffe://prod/ns/orders/sa/api"],
                notAfter: PolicyTime("2027-01-01")))
        for condition in [
            #"{"StringLike":{"postern:CertificateSpiffeId":"spiffe://prod/*"}}"#,
            #"{"StringEquals":{"postern:CertificateSubject":"CN=api","postern:CertificateIssuer":"CN=ca"}}"#,
            #"{"StringEquals":{"postern:CertificateSerial":"01:ab","postern:CertificateFingerprint":"00ff"}}"#,
            #"{"ForAnyValue:StringEquals":{"postern:CertificateSanDns":"api.internal"}}"#,
            #"{"ForAllValues:StringLike":{"postern:CertificateSanUri":"spiffe://prod/*"},"Null":{"postern:CertificateSanUri":false}}"#,
            #"{"DateGreaterThan":{"postern:CertificateNotAfter":"2026-12-01"}}"#,
        ] {
            #expect(try decides(condition, facts))
            #expect(try !decides(condition, ConnectionFacts(sourceIP: address("10.0.0.1"))))
        }
    }

    @Test("principals of a certificate and of a Unix peer are named beside AWS's own")
    func principals() throws {
        let policy = try compile(
            #"{"Statement":{"Effect":"Allow","Principal":{"SPIFFE":"spiffe://prod/ns/orders/*","UnixUser":"orders"},"#
                + #""Action":"*","Resource":"*"}}"#)
        let orders = ConnectionFacts(certificate: CertificateFacts(spiffeID: "spiffe://prod/ns/orders/sa/api"))
        let billing = ConnectionFacts(certificate: CertificateFacts(spiffeID: "spiffe://prod/ns/billing/sa/api"))
        #expect(policy.decide(orders) == .allow(statement: 0))
        #expect(
            policy.decide(ConnectionFacts(unix: UnixPeerFacts(uid: 1, gid: 1, user: "orders"))) == .allow(statement: 0))
        #expect(policy.decide(billing) == .implicitDeny)
        #expect(policy.decide(ConnectionFacts()) == .implicitDeny)
        #expect(
            policy.explain(billing).summary
                == .init(
                    statement: "#1", condition: "Principal", value: "SPIFFE spiffe://prod/ns/billing/sa/api"))
        #expect(
            policy.explain(ConnectionFacts()).summary == .init(statement: "#1", condition: "Principal", value: nil))
    }

    @Test("a policy that names AWS principals refuses anonymous callers")
    func anonymous() throws {
        let policy = try compile(
            #"{"Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"*","Resource":"*"}}"#)
        #expect(policy.decide() == .implicitDeny)
        let user = CallerIdentity.aws(arn: "arn:aws:iam::123456789012:user/bob")
        #expect(policy.decide(ConnectionFacts(principal: user)) == .allow(statement: 0))
    }

    @Test("variables of the connection and of the request meet in one condition")
    func mixed() throws {
        let condition = #"{"StringEquals":{"aws:UserAgent":"${aws:SourceVpce}/${aws:SourceIp}"}}"#
        let facts = ConnectionFacts(sourceIP: address("10.0.0.1"), sourceVpce: "vpce-1")
        #expect(try decides(condition, facts, Request(userAgent: "vpce-1/10.0.0.1")))
        #expect(try !decides(condition, facts, Request(userAgent: "vpce-2/10.0.0.1")))
        let resource = try compile(allowing(resource: "execute-api:/*/GET/${aws:SourceVpce}/*"))
        #expect(resource.decide(facts, Request("a1b2c3d4e5/prod/GET/vpce-1/x")) == .allow(statement: 0))
        #expect(resource.decide(facts, Request("a1b2c3d4e5/prod/GET/vpce-2/x")) == .implicitDeny)
    }

    @Test("bytes of a header that are no UTF-8 never become wildcards")
    func bytes() throws {
        let policy = try compile(allowing(condition: #"{"StringLike":{"aws:Referer":"${aws:UserAgent}"}}"#))
        var request = Request(referer: "anything")
        request.userAgent = [0xFF]
        #expect(policy.decide(ConnectionFacts(), request) == .implicitDeny)
        request.userAgent = [0xFE, 0xFF]
        #expect(policy.decide(ConnectionFacts(), request) == .implicitDeny)
    }

    @Test("bytes of a header that are no UTF-8 equal no others without regard to case")
    func caseOfBytes() throws {
        let policy = try compile(
            allowing(condition: #"{"StringEqualsIgnoreCase":{"aws:Referer":["${aws:UserAgent}","\uFFFD"]}}"#))
        for (agent, referer, isAllowed) in [
            ([0xFF], [0xFE], false), ([0xFF, 0x41], [0xFF, 0x61], true), ([], [0xFF], false), ([0xC3], [0xE3], false),
        ] as [([UInt8], [UInt8], Bool)] {
            var request = Request()
            request.userAgent = agent
            request.referer = referer
            #expect(policy.decide(ConnectionFacts(), request) == (isAllowed ? .allow(statement: 0) : .implicitDeny))
        }
    }

    @Test("time is what the request says, else the machine's clock")
    func time() throws {
        var request = Request()
        let hours =
            #"{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-01-01T09:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2026-01-01T17:00:00Z"}}"#
        for (time, isAllowed) in [("08:59:59.9Z", false), ("09:00Z", true), ("16:59:59Z", true), ("17:00Z", false)] {
            request.time = PolicyTime("2026-01-01T\(time)")
            #expect(try decides(hours, ConnectionFacts(), request) == isAllowed)
        }
        #expect(try decides(#"{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01"}}"#, ConnectionFacts()))
        #expect(try decides(#"{"NumericGreaterThan":{"aws:EpochTime":1577836800.5}}"#, ConnectionFacts()))
        request.time = PolicyTime("2026-01-01T00:00:00.5Z")
        let explanation = try compile(allowing(condition: #"{"DateEquals":{"aws:CurrentTime":"2026"}}"#)).explain(
            ConnectionFacts(), request)
        #expect(explanation.summary.value == "2026-01-01T00:00:00.500000000Z")
    }

    @Test(
        "times are written as they are read",
        arguments: [
            "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z", "2000-03-01T00:00:00.000000001Z",
        ])
    func written(text: String) { #expect(PolicyTime(text)?.description == text) }
}

@Suite("shadow statements") struct ShadowTests {
    private let json = """
        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "execute-api:/prod/*"},
          {"Sid": "soon", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "execute-api:/prod/POST/*",
           "postern:Mode": "shadow"}
        ]}
        """

    @Test("are reported, and change no decision")
    func reported() throws {
        let policy = try compile(json)
        let post = Request("a1b2c3d4e5/prod/POST/x")
        #expect(policy.hasShadowStatements && policy.statements.map(\.isShadow) == [false, true])
        #expect(policy.decide(ConnectionFacts(), post) == .allow(statement: 0))
        #expect(policy.shadowDecision(ConnectionFacts(), post) == .wouldDenyExplicitly(statement: 1))
        #expect(policy.shadowDecision() == .wouldAllow(statement: 0))
        let explanation = policy.explain(ConnectionFacts(), post)
        #expect(explanation.decision == .allow(statement: 0))
        #expect(explanation.shadow == .wouldDenyExplicitly(statement: 1))
        #expect(explanation.shadow?.diverges(from: explanation.decision) == true)
        #expect(explanation.statements.map(\.isShadow) == [false, true])
        #expect(explanation.statements.map(\.applied) == [true, true])
    }

    @Test("cannot open what nothing allows, nor be named as what came closest")
    func allowing() throws {
        let policy = try compile(
            json.replacing("\"Deny\"", with: "\"Allow\"").replacing("execute-api:/prod/*", with: "execute-api:/dev/*"))
        let explanation = policy.explain(ConnectionFacts(), Request("a1b2c3d4e5/prod/POST/x"))
        #expect(explanation.decision == .implicitDeny)
        #expect(explanation.shadow == .wouldAllow(statement: 1))
        #expect(explanation.summary.statement == "#1")
    }

    @Test("are asked for by nobody where there are none")
    func none() throws { #expect(try compile(PosternPolicyTests.allowing()).shadowDecision() == nil) }
}
