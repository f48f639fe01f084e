import PosternControl
import PosternModel
import PosternPolicy
import Testing

@Suite("Domains and endpoint policies in postern.yaml")
struct DomainTests {
    private func tree(_ process: String) -> ConfigurationTree {
        ConfigurationTree(["postern.yaml": process, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll])
    }

    @Test("Every key of a domain is read")
    func everyKey() throws {
        let plan = try tree(
            """
            \(plainProcess)
            domains:
              - name: api.internal
                id: a1b2
                policy:
                  Statement: {Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: execute-api:/*}
                mappings:
                  orders: {api: shop, stage: dev}
                  any: {api: shop}
                  "": {api: shop, stage: dev}
              - {name: other.internal, mappings: {x: {api: shop}}}
            """
        ).load().plan
        #expect(plan.warnings == [])
        try #require(plan.domains.count == 2)
        let domain = plan.domains[0]
        #expect(domain.arn == "arn:aws:execute-api:local:000000000000:/domainnames/api.internal+a1b2")
        #expect(domain.policy?.kind == .domain)
        #expect(domain.mappings.map(\.basePath) == ["orders", "any", ""])
        #expect(domain.mappings.map { $0.stage?.name } == ["dev", nil, "dev"])
        #expect(plan.domains[1].resource == "/domainnames/other.internal+private")
        #expect(plan.domains[1].policy == nil)
        func found(_ path: String) -> [String]? {
            domain.mapping(of: Array(path.utf8).span).map { [$0.mapping.basePath, "\($0.end)"] }
        }
        #expect(found("/orders/x") == ["orders", "7"])
        #expect(found("/orders") == ["orders", "7"])
        #expect(found("/order") == ["", "0"])
        #expect(found("/") == ["", "0"])
        #expect(plan.domains[1].mapping(of: Array("/y".utf8).span) == nil)
        func named(_ host: String) -> String? { plan.domain(host: Array(host.utf8).span)?.name }
        #expect(named("API.internal:80") == "api.internal")
        #expect(named("api.internal.") == nil)
        #expect(named("x.api.internal") == nil)
    }

    @Test("A domain's policy speaks of the domain, by its ARN or by `execute-api:/`")
    func domainPolicy() throws {
        func decides(_ resource: String) throws -> Bool {
            let text = """
                \(plainProcess)
                domains:
                  - name: api.internal
                    policy: {Statement: {Effect: Allow, Principal: "*", Action: "*", Resource: "\(resource)"}}
                    mappings: {orders: {api: shop}}
                """
            let domain = try #require(try tree(text).load().plan.domains.first)
            let policy = try #require(domain.policy).policy
            return Array(domain.resource.utf8).withUnsafeBytes { bytes in
                policy.bind(ConnectionFacts()).decide(RequestFacts(resource: bytes)) == .allow(statement: 0)
            }
        }
        let prefix = "arn:aws:execute-api:local:000000000000:"
        #expect(try decides("execute-api:/*"))
        #expect(try decides("*"))
        #expect(try decides(prefix + "/domainnames/api.internal+private"))
        #expect(try decides(prefix + "/domainnames/api.internal+*"))
        #expect(try !decides(prefix + "shop/*"))
        #expect(try !decides(prefix + "/domainnames/other+*"))
    }

    @Test("A listener's policy speaks of methods of any API, from a file as well")
    func endpointPolicy() throws {
        let file = """
            {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
              "Resource": "arn:aws:execute-api:local:000000000000:*/dev/GET/*"}}
            """
        let tree = ConfigurationTree([
            "postern.yaml": """
            listeners:
              - {id: vpce-a, address: 127.0.0.1, port: 8080, policy: endpoint.json}
              - {id: vpce-b, address: 127.0.0.1, port: 8081}
            """,
            "endpoint.json": file, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        let plan = try tree.load().plan
        #expect(plan.warnings == [])
        #expect(plan.endpoints.map(\.id) == ["vpce-a", "vpce-b"])
        #expect(plan.endpoint(id: "vpce-a")?.policy?.kind == .endpoint)
        #expect(plan.endpoint(id: "vpce-b")?.policy == nil)
        #expect(plan.policies.map(\.owner) == ["vpce-a", "shop"])
    }

    @Test("A policy's fingerprint is that of its text, wherever it stands")
    func fingerprint() throws {
        func print(_ extra: String) throws -> Int {
            let tree = ConfigurationTree([
                "postern.yaml": plainProcess, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": extra + allowAll,
            ])
            return try #require(try tree.load().plan.apis[0].policy).fingerprint
        }
        #expect(try print("") == print("\n\n  "))
        let other = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/shop.yaml": plainAPI,
            "apis.d/allow.json": allowAll.replacing("Allow", with: "Deny"),
        ])
        #expect(try print("") != #require(try other.load().plan.apis[0].policy).fingerprint)
    }

    @Test(
        "Each mistake is reported at its place with what is right",
        arguments: [
            Mistake(
                "[{mappings: {a: {api: shop}}}]", "3:11: error: a domain has no `name` (add `name: shop.internal`)"),
            Mistake(
                "[{name: a}]",
                "3:11: error: a domain has no `mappings` (add `mappings: {orders: {api: shop, stage: prod}}`)"
            ),
            Mistake(
                "[{name: a, mappings: {}}]",
                "3:31: error: `mappings` is empty, so nothing could be called (add `mappings: {orders: {api: shop, stage: prod}}`)"
            ),
            Mistake(
                "[{name: '*.a', mappings: {a: {api: shop}}}]",
                "3:18: error: `*.a` is not a domain name (a host name in lower-case letters, digits, `-` and `.`, without a wildcard, up to 253)"
            ),
            Mistake(
                "[{name: a..b, mappings: {a: {api: shop}}}]",
                "3:18: error: `a..b` is not a domain name (labels of 1 to 63 bytes, with `-` only inside)"),
            Mistake(
                "[{name: a, id: X, mappings: {a: {api: shop}}}]",
                "3:25: error: `X` is not a domain's id (lower-case letters, digits, `-` inside, up to 64)"),
            Mistake(
                "[{name: a, mappings: {a/b: {api: shop}}}]",
                "3:32: error: `a/b` is not a base path (one path segment of letters, digits and `$-_.+!*'()`, up to 300)"
            ),
            Mistake(
                "[{name: a, mappings: {b: {api: shopp}}}]",
                "3:41: error: no API has the id `shopp` (did you mean `shop`?)"),
            Mistake(
                "[{name: a, mappings: {b: {api: shop, stage: dve}}}]",
                "3:54: error: API `shop` has no stage `dve` (did you mean `dev`?)"),
            Mistake(
                "[{name: a, mappings: {b: {stage: dev}}}]", "3:35: error: a mapping has no `api` (add `api: shop`)"),
            Mistake(
                "[{name: a, mappings: {b: {api: shop}}}, {name: a, mappings: {b: {api: shop}}}]",
                "3:57: error: domain `a` is declared twice (first at postern.yaml:3:18)"),
        ])
    func mistakes(_ mistake: Mistake) {
        let report = tree("\(plainProcess)\ndomains: \(mistake.text)").report()
        #expect(report == mistake.report.map { "postern.yaml:" + $0 })
    }

    @Test("A resource without an API means nothing in an endpoint policy")
    func shorthand() {
        let text = """
            listeners:
              - id: vpce-a
                address: 127.0.0.1
                port: 8080
                policy: {Statement: {Effect: Allow, Principal: "*", Action: "*", Resource: "execute-api:/*"}}
            explain: {requests: 65537}
            """
        #expect(
            tree(text).report() == [
                "postern.yaml:5:80: error: `execute-api:/*` names no API, and an endpoint leads to all of them (expected `*` or `arn:aws:execute-api:local:000000000000:{api-id}/{stage}/{METHOD}/{path}`)",
                "postern.yaml:6:21: error: `65537` is out of range for `requests` (expected 0 to 65536)",
            ])
    }
}
