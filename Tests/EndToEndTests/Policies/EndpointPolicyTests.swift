import Testing

@Suite("The endpoint's policy is asked before the API's")
struct EndpointPolicyTests {
    private static let arn = "arn:aws:execute-api:us-east-1:\(Configuration.account):shop"

    /// Two listeners to one open API; `vpce-one` has a policy.
    private func configuration(_ policy: String, api: String? = Policies.open) throws -> Configuration {
        var configuration = try Configuration(listeners: [
            Listener("vpce-one", options: "defaultApi: shop, policy: \(policy)"),
            Listener("vpce-two", options: "defaultApi: shop"),
        ])
        configuration.add(API("shop", policy: api, ["ANY /x": "{type: MOCK, body: fine}", "ANY /y": "{type: MOCK}"]))
        return configuration
    }

    @Test("What it does not allow is refused though the API allows it, and only by that listener")
    func refuses() throws {
        let policy = Policies.policy(Policies.statement("Allow", sid: "OnlyY", resource: "\(Self.arn)/dev/GET/y"))
        let gateway = try Gateway(configuration(policy))
        #expect(try gateway.call("GET", "/dev/y", by: "vpce-one").status == 200)
        #expect(try gateway.call("GET", "/dev/x", by: "vpce-two").status == 200)
        let refused = try gateway.call("GET", "/dev/x", by: "vpce-one")
        #expect(refused.status == 403)
        #expect(refused["x-amzn-ErrorType"] == "AccessDeniedException")
        let resource = "arn:aws:execute-api:us-east-1:********9012:shop/dev/GET/x"
        #expect(
            refused.text
                == #"{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: \#(resource)"}"#
        )
        let record = try gateway.record(of: refused)
        #expect(record["policyKind"] == "endpoint")
        #expect(record["decision"] == "implicitDeny")
        #expect(record["policyStatement"] == "OnlyY")
        #expect(record["policyCondition"] == "Resource")
    }

    @Test("Its allow does not stand in for the API's")
    func allowsAlone() throws {
        let open = Policies.policy(Policies.statement("Allow", resource: "*"))
        let closed = Policies.policy(Policies.statement("Deny", sid: "Nobody"), Policies.statement("Allow"))
        let gateway = try Gateway(configuration(open, api: closed))
        let refused = try gateway.call("GET", "/dev/x", by: "vpce-one")
        #expect(refused.status == 403)
        let record = try gateway.record(of: refused)
        #expect(record["policyKind"] == "api")
        #expect(record["policyStatement"] == "Nobody")
        let without = try Gateway(configuration(open, api: nil))
        let none = try without.call("GET", "/dev/x", by: "vpce-one")
        #expect(none.status == 403)
        #expect(try without.record(of: none)["errorReason"] == "no_policy")
        #expect(try without.record(of: none)["policyKind"] == "api")
    }

    @Test("A reload changes it on connections that are open")
    func reload() throws {
        let open = Policies.policy(Policies.statement("Allow", resource: "*"))
        var configuration = try configuration(open)
        let gateway = try Gateway(configuration)
        let wire = try gateway.connect("vpce-one")
        #expect(try wire.exchange("GET", "/dev/x").status == 200)
        let deny = Policies.policy(Policies.statement("Deny", sid: "Closed", resource: "*"))
        configuration.listeners[0].text = configuration.listeners[0].text.replacing(open, with: deny)
        #expect(try gateway.reloadAndWait(configuration).status == 0)
        let refused = try wire.exchange("GET", "/dev/x")
        #expect(refused.status == 403)
        #expect(refused.text.hasSuffix(#" with an explicit deny"}"#))
        #expect(try gateway.record(of: refused)["policyStatement"] == "Closed")
    }
}
