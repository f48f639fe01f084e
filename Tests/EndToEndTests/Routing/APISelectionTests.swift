import Testing

@Suite("Which API a request is for")
struct APISelectionTests {
    private let gateway: Gateway

    init() throws {
        var configuration = try Configuration(
            listeners: [Listener("vpce-plain"), Listener("vpce-default", options: "defaultApi: shop")])
        for id in ["shop", "bank"] {
            configuration.add(API(id, ["GET /x": "{type: MOCK, body: \(id)}"]))
        }
        gateway = try Gateway(configuration)
    }

    @Test(
        "Host, id header and the listener's default choose; unknown and conflicting names are forbidden",
        arguments: [
            ("vpce-plain", ["Host: shop.execute-api.us-east-1.amazonaws.com"], "shop"),
            ("vpce-plain", ["Host: bank.anything"], "bank"),
            ("vpce-plain", ["Host: BANK.anything:8080"], "bank"),
            ("vpce-plain", ["Host: shop"], "shop"),
            ("vpce-plain", ["Host: shop-vpce-plain.execute-api.us-east-1.amazonaws.com"], "shop"),
            ("vpce-plain", ["Host: 127.0.0.1", "x-apigw-api-id: bank"], "bank"),
            ("vpce-plain", ["Host: endpoint.vpce.amazonaws.com", "X-Apigw-Api-Id: shop"], "shop"),
            ("vpce-plain", ["Host: shop.example", "x-apigw-api-id: shop"], "shop"),
            ("vpce-plain", ["Host: 127.0.0.1"], nil),
            ("vpce-plain", ["Host: other.example"], nil),
            ("vpce-plain", ["Host: shop.example", "x-apigw-api-id: bank"], nil),
            ("vpce-plain", ["Host: 127.0.0.1", "x-apigw-api-id: other"], nil),
            ("vpce-plain", ["Host: shop.example", "x-apigw-api-id: other"], nil),
            ("vpce-default", ["Host: 127.0.0.1"], "shop"),
            ("vpce-default", ["Host: bank.example"], "bank"),
            ("vpce-default", ["Host: 127.0.0.1", "x-apigw-api-id: bank"], "bank"),
            ("vpce-default", ["Host: 127.0.0.1", "x-apigw-api-id: other"], nil),
        ] as [(String, [String], String?)])
    func choosesAPI(listener: String, fields: [String], api: String?) throws {
        let response = try gateway.call("GET", "/dev/x", fields, by: listener)
        if let api {
            #expect(response.status == 200)
            #expect(response.text == api)
        } else {
            #expect(response.status == 403)
            #expect(response.text == #"{"message":"Forbidden"}"#)
            #expect(response["x-amzn-ErrorType"] == "ForbiddenException")
        }
    }

    @Test("Two id headers are refused as malformed")
    func twoIDs() throws {
        let fields = ["Host: 127.0.0.1", "x-apigw-api-id: shop", "x-apigw-api-id: shop"]
        #expect(try gateway.call("GET", "/dev/x", fields, by: "vpce-plain").status == 400)
    }

    @Test("An unknown stage is forbidden, and the log says which of the three it was")
    func unknownStage() throws {
        let cases = [
            ("/test/x", ["Host: shop.example"], "unknown_stage"),
            ("/", ["Host: shop.example"], "unknown_stage"),
            ("/dev/x", ["Host: other.example"], "unknown_api"),
            ("/dev/x", ["Host: shop.example", "x-apigw-api-id: bank"], "conflicting_api"),
        ]
        for (target, fields, reason) in cases {
            let response = try gateway.call("GET", target, fields, by: "vpce-plain")
            #expect(response.status == 403)
            #expect(response.text == #"{"message":"Forbidden"}"#)
            #expect(try gateway.record(of: response)["errorReason"] == reason)
        }
    }
}
