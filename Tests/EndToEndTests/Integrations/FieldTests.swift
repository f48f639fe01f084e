import Foundation
import Testing

@Suite("Which fields pass through")
struct FieldTests {
    /// The head that the upstream sees of a request with these fields.
    private func seen(_ fields: [String], method: String = "GET", body: String? = nil) throws -> Message {
        let back = try BackEnd(answering: { _ in reply("ok") })
        let gateway = try Gateway(Configuration(["ANY /x": "\(back.uri)/x"]))
        #expect(try gateway.call(method, "/dev/x", fields, body: body).status == 200)
        return try #require(back.requests.first)
    }

    @Test("Ordinary fields pass as they were spelled, in their order")
    func ordinaryFields() throws {
        let fields = [
            "Accept: */*", "X-Custom-THING: a  b", "x-custom-thing: c", "Cookie: a=b", "Authorization: Bearer abc",
            "User-Agent: mesh/1", "Referer: https://a/", "Range: bytes=0-1", "Accept-Encoding: gzip", "X-Empty:",
        ]
        let request = try seen(fields)
        let passed = request.fields.map { $0.value.isEmpty ? "\($0.name):" : $0.description }.filter(fields.contains)
        #expect(passed == fields)
    }

    @Test("Hop-by-hop fields stay behind, those that Connection names among them")
    func hopByHop() throws {
        let request = try seen([
            "Connection: keep-alive, X-Private, x-other", "Connection: X-Third", "X-Private: 1", "X-Other: 2",
            "X-Third: 3", "Keep-Alive: timeout=5", "TE: trailers", "Trailer: X-T", "Upgrade: websocket",
            "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic x", "X-Public: 4",
        ])
        #expect(request["X-Public"] == "4")
        for name in [
            "X-Private", "X-Other", "X-Third", "Keep-Alive", "TE", "Trailer", "Upgrade", "Proxy-Connection",
            "Proxy-Authorization",
        ] {
            #expect(request.values(name).isEmpty, "\(name)")
        }
        let connection = request.values("Connection").joined().lowercased()
        #expect(!connection.contains("x-"))
    }

    @Test("Naming Host or Content-Length in Connection takes nothing away that we make anew")
    func connectionCannotRemoveFraming() throws {
        let request = try seen(["Connection: host, content-length, x-forwarded-for"], method: "POST", body: "four")
        #expect(request.text == "four")
        #expect(request.values("Host").count == 1)
        #expect(request["X-Forwarded-For"] == "127.0.0.1")
    }

    @Test("Forwarded and identity fields are ours; a caller's are removed")
    func forwardedFields() throws {
        let forged = [
            "X-Forwarded-For: 9.9.9.9", "X-Forwarded-For: 8.8.8.8", "x-forwarded-proto: https", "X-Forwarded-Port: 1",
            "X-Forwarded-Host: evil", "Forwarded: for=9.9.9.9", "X-Real-IP: 9.9.9.9", "Client-Cert: :evil:",
            "Client-Cert-Chain: :evil:", "X-Forwarded-Client-Cert: evil", "X-Amzn-Apigateway-Api-Id: evil",
            "Via: 1.1 evil", "x-apigw-api-id: shop",
        ]
        let request = try seen(forged)
        #expect(!request.head.contains("9.9.9.9"))
        #expect(!request.head.contains("evil"))
        #expect(request["X-Forwarded-For"] == "127.0.0.1")
        #expect(request["X-Forwarded-Proto"] == "http")
        #expect(Int(request["X-Forwarded-Port"] ?? "") ?? 0 > 1)
        #expect(request["X-Amzn-Apigateway-Api-Id"] == "shop")
    }

    @Test("Host is the integration's, the request id ours, and a trace begins or goes on")
    func identity() throws {
        let back = try BackEnd(answering: { _ in reply("ok") })
        let gateway = try Gateway(Configuration(["ANY /x": "\(back.uri)/x"]))
        let response = try gateway.get("/dev/x", ["Host: shop.example"])
        _ = try gateway.get("/dev/x", ["X-Amzn-Trace-Id: Root=1-2-3"])
        #expect(back.requests[0]["Host"] == back.authority)
        #expect(back.requests[0]["X-Amzn-RequestId"] == response["x-amzn-RequestId"])
        #expect(back.requests[0]["X-Amzn-Trace-Id"]?.wholeMatch(of: /Root=1-[0-9a-f]{8}-[0-9a-f]{24}/) != nil)
        #expect(back.requests[1]["X-Amzn-Trace-Id"] == "Root=1-2-3")
    }

    @Test("A name with an underscore is refused unless the listener allows it")
    func underscores() throws {
        let back = try BackEnd.echo()
        let strict = try Gateway(Configuration(["GET /x": "\(back.uri)/x"]))
        let response = try strict.get("/dev/x", ["X_Real_IP: 9.9.9.9"])
        #expect(response.status == 400)
        #expect(try strict.record(of: response)["errorReason"] == "underscore_in_name")
        let lenient = try Gateway(
            Configuration(["GET /x": "\(back.uri)/x"], options: "defaultApi: shop, underscoreHeaders: true"))
        #expect(try lenient.get("/dev/x", ["my_field: 1"]).text.contains("\r\nmy_field: 1\r\n"))
    }

    @Test("An upstream's fields pass, are renamed or stay behind as the reference's table says")
    func responseFields() throws {
        let fields = [
            "X-Own: 1", "Set-Cookie: a=1", "Set-Cookie: b=2", "ETag: \"e\"", "Content-Encoding: gzip", "Age: 5",
            "Server: nginx", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "WWW-Authenticate: Basic",
            "x-amzn-RequestId: theirs", "Connection: keep-alive, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5",
            "Proxy-Authenticate: Basic", "Upgrade: h2c", "Via: 1.1 inner", "Content-MD5: abc",
        ]
        let back = try BackEnd(answering: { _ in reply("ok", fields) })
        let gateway = try Gateway(Configuration(["GET /x": "\(back.uri)/x"]))
        let response = try gateway.get("/dev/x")
        #expect(response["X-Own"] == "1")
        #expect(response.values("Set-Cookie") == ["a=1", "b=2"])
        #expect(response["ETag"] == "\"e\"")
        #expect(response["Content-Encoding"] == "gzip")
        #expect(response["Age"] == "5")
        #expect(response["x-amzn-Remapped-Server"] == "nginx")
        #expect(response["x-amzn-Remapped-Date"] == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(response["x-amzn-Remapped-WWW-Authenticate"] == "Basic")
        #expect(response["x-amzn-Remapped-Content-MD5"] == "abc")
        #expect(response["x-amzn-Remapped-x-amzn-RequestId"] == "theirs")
        #expect(response.values("Date").count == 1)
        #expect(response.values("x-amzn-RequestId").count == 1)
        #expect(response["x-amzn-RequestId"] != "theirs")
        #expect(response["Content-Type"] == "application/json")
        for name in ["Server", "X-Hop", "Keep-Alive", "Proxy-Authenticate", "Upgrade", "Via", "WWW-Authenticate"] {
            #expect(response.values(name).isEmpty, "\(name)")
        }
    }
}
