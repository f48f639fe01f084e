import Testing

@Suite("Private custom domains")
struct DomainTests {
    private static let domainARN = "arn:aws:execute-api:us-east-1:\(Configuration.account):/domainnames/api.internal+d1"

    private func configuration(policy: String? = nil, shop: String = Policies.open) throws -> Configuration {
        let own = policy.map { ", policy: \($0)" } ?? ""
        let mappings = #"{orders: {api: shop, stage: prod}, any: {api: shop}, "": {api: front, stage: dev}}"#
        var configuration = try Configuration(
            listeners: [Listener("vpce-mesh", options: "defaultApi: shop")],
            [
                "domains: [{name: api.internal, id: d1, mappings: \(mappings)\(own)}, {name: shop.other, mappings: {a: {api: shop}}}]"
            ]
        )
        configuration.add(
            API(
                "shop", stages: "{dev: {}, prod: {}}", policy: shop,
                ["GET /item/{id}": "{type: MOCK, body: item}", "GET /": "{type: MOCK, body: root}"]))
        configuration.add(
            API("front", ["GET /{page+}": "{type: MOCK, body: page}", "GET /": "{type: MOCK, body: home}"]))
        return configuration
    }

    private func get(_ gateway: Gateway, _ target: String, host: String = "api.internal", _ fields: String...) throws
        -> Message
    {
        try gateway.get(target, ["Host: \(host)"] + fields)
    }

    @Test("`postern routes --match --host` goes the same way")
    func routes() throws {
        let directory = try TemporaryDirectory()
        try configuration().write(to: directory)
        func match(_ target: String, _ host: String) throws -> Child.Result {
            try Child.run(
                [Postern.path, "routes", "--config", directory.path, "--match", "GET \(target)", "--host", host])
        }
        let order = try match("/orders/item/7?a=b", "API.internal:80")
        #expect(order.output.hasPrefix("shop: served by `GET /item/{id}`\n  stage        prod\n"), "\(order)")
        #expect(try match("/any/dev/item/7", "api.internal").output.contains("stage        dev"))
        #expect(try match("/orders", "api.internal").output.hasPrefix("shop: served by `GET /`"))
        #expect(try match("/x", "api.internal").output.hasPrefix("front: served by `GET /{page+}`"))
        let none = try match("/b/item/7", "shop.other")
        #expect(none.status == 77 && none.errors.contains("no base path mapping for `/b/item/7`"), "\(none)")
    }

    @Test("Base paths lead to APIs and stages; without a stage the next segment names it")
    func mappings() throws {
        let gateway = try Gateway(configuration())
        let order = try get(gateway, "/orders/item/7")
        #expect(order.text == "item")
        let record = try gateway.record(of: order)
        #expect(record["apiId"] == "shop")
        #expect(record["stage"] == "prod")
        #expect(record["resourcePath"] == "/item/{id}")
        #expect(record["path"] == "/orders/item/7")
        #expect(try get(gateway, "/orders").text == "root")
        #expect(try get(gateway, "/orders/").text == "root")
        let dev = try get(gateway, "/any/dev/item/7")
        #expect(dev.text == "item")
        #expect(try gateway.record(of: dev)["stage"] == "dev")
        #expect(try get(gateway, "/any/test/item/7").status == 403)
        #expect(try get(gateway, "/any").status == 403)
        #expect(try get(gateway, "/ordersx/item").text == "page")
        #expect(try get(gateway, "/").text == "home")
    }

    @Test("Host counts whole, without its port and in any letter case")
    func host() throws {
        let gateway = try Gateway(configuration())
        #expect(try get(gateway, "/orders/item/7", host: "API.Internal:8080").text == "item")
        // `shop.other` is a domain though its first label names an API; `shop.elsewhere` is not.
        #expect(try get(gateway, "/a/prod/item/7", host: "shop.other").text == "item")
        #expect(try get(gateway, "/prod/item/7", host: "shop.other").status == 403)
        #expect(try get(gateway, "/prod/item/7", host: "shop.elsewhere").text == "item")
        let unknown = try get(gateway, "/b/item", host: "shop.other")
        #expect(unknown.text == #"{"message":"Forbidden"}"#)
        #expect(try gateway.record(of: unknown)["errorReason"] == "unknown_base_path")
        #expect(try get(gateway, "/orders/item/7", "x-apigw-api-id: shop").text == "item")
        let conflict = try get(gateway, "/orders/item/7", "x-apigw-api-id: front")
        #expect(try gateway.record(of: conflict)["errorReason"] == "conflicting_api")
    }

    @Test("The domain's policy must allow, by the domain's own resource")
    func policy() throws {
        let policy = Policies.policy(
            Policies.statement(
                "Allow", sid: "Own", resource: Self.domainARN, #"{"StringEquals":{"aws:UserAgent":"robot"}}"#))
        let gateway = try Gateway(configuration(policy: policy))
        #expect(try get(gateway, "/orders/item/7", "User-Agent: robot").status == 200)
        let refused = try get(gateway, "/orders/item/7", "User-Agent: other")
        #expect(refused.status == 403)
        #expect(refused.text.contains(":shop/prod/GET/item/7"))
        #expect(!refused.text.contains("domainnames"))
        let record = try gateway.record(of: refused)
        #expect(record["policyKind"] == "domain")
        #expect(record["policyStatement"] == "Own")
        #expect(record["policyValue"] == "other")
        #expect(try get(gateway, "/prod/item/7", host: "elsewhere").status == 200)
    }

    @Test("An API can require the domain, and one connection may carry several hosts")
    func via() throws {
        let condition = #"{"ArnNotEquals":{"execute-api:viaDomainArn":"\#(Self.domainARN)"}}"#
        let shop = Policies.policy(Policies.statement("Allow"), Policies.statement("Deny", sid: "ViaDomain", condition))
        let gateway = try Gateway(configuration(shop: shop))
        let wire = try gateway.connect()
        for _ in 0..<3 {
            #expect(try wire.exchange("GET", "/orders/item/7", ["Host: api.internal"]).status == 200)
            #expect(try wire.exchange("GET", "/prod/item/7", ["Host: elsewhere"]).status == 403)
            #expect(try wire.exchange("GET", "/a/prod/item/7", ["Host: shop.other"]).status == 403)
        }
        let refused = try get(gateway, "/prod/item/7", host: "elsewhere")
        #expect(try gateway.record(of: refused)["policyStatement"] == "ViaDomain")
    }

    @Test("An upstream gets the path behind the base path")
    func forwarding() throws {
        let back = try BackEnd(answering: { reply($0.target) })
        var configuration = try configuration()
        configuration.add(
            API("shop", stages: "{dev: {}, prod: {}}", ["GET /item/{id}": "http://\(back.authority)/v1/{id}"]))
        let gateway = try Gateway(configuration)
        #expect(try get(gateway, "/orders/item/7?a=b").text == "/v1/7?a=b")
    }
}
