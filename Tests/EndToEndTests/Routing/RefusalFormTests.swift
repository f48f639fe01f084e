import Foundation
import Testing

@Suite("The form of the gateway's own answers")
struct RefusalFormTests {
    private static let names = [
        "Connection", "Content-Length", "Content-Type", "Date", "x-amz-apigw-id", "x-amzn-ErrorType",
        "x-amzn-RequestId",
    ]

    private let gateway: Gateway

    init() throws {
        var configuration = try Configuration(
            ["GET /mock": "{type: MOCK, status: 201, headers: {Content-Type: text/plain, X-One: a}, body: hello}"])
        configuration.add(API("closed", policy: nil, ["GET /x": "{type: MOCK}"]))
        gateway = try Gateway(configuration)
    }

    @Test("An unrouted request is answered byte for byte as API Gateway does")
    func unrouted() throws {
        let response = try gateway.get("/dev/nowhere")
        #expect(response.startLine == "HTTP/1.1 403 Forbidden")
        #expect(response.text == #"{"message":"Missing Authentication Token"}"#)
        #expect(response["Content-Length"] == "42")
        #expect(response["Content-Type"] == "application/json")
        #expect(response["x-amzn-ErrorType"] == "MissingAuthenticationTokenException")
        #expect(response.fields.map(\.name).sorted { $0.lowercased() < $1.lowercased() } == Self.names)
    }

    @Test("An unknown stage is answered byte for byte as API Gateway does")
    func forbidden() throws {
        let response = try gateway.get("/test/mock")
        #expect(response.startLine == "HTTP/1.1 403 Forbidden")
        #expect(response.text == #"{"message":"Forbidden"}"#)
        #expect(response["Content-Length"] == "23")
        #expect(response["x-amzn-ErrorType"] == "ForbiddenException")
        #expect(response.fields.map(\.name).sorted { $0.lowercased() < $1.lowercased() } == Self.names)
    }

    @Test("Identifiers have API Gateway's forms, and no two answers share one")
    func identifiers() throws {
        var seen: Set<String> = []
        let wire = try gateway.connect()
        for target in ["/dev/mock", "/dev/nowhere", "/test/x", "/dev/mock"] {
            let response = try wire.exchange("GET", target)
            let request = try #require(response["x-amzn-RequestId"])
            let extended = try #require(response["x-amz-apigw-id"])
            #expect(
                request.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
            #expect(extended.wholeMatch(of: /[A-Za-z0-9+\/_-]{15}=/) != nil)
            #expect(seen.insert(request).inserted)
            #expect(seen.insert(extended).inserted)
            #expect(response["X-Amzn-Trace-Id"] == nil)
        }
    }

    @Test("A caller's request id is taken over if it is a UUID, and only then")
    func callerRequestID() throws {
        let id = "11112222-3333-4444-8555-666677778888"
        let response = try gateway.get("/dev/mock", ["x-amzn-RequestId: \(id)"])
        #expect(response["x-amzn-RequestId"] == id)
        let record = try gateway.record { $0["requestId"] == id }
        #expect(record["extendedRequestId"] == response["x-amz-apigw-id"])

        for forged in ["x", "../../etc", "11112222-3333-4444-8555-66667777888g", "\(id)0"] {
            let response = try gateway.get("/dev/mock", ["x-amzn-RequestId: \(forged)"])
            #expect(response.status == 201)
            #expect(response["x-amzn-RequestId"] != forged)
        }
        #expect(try gateway.get("/dev/mock", ["x-amzn-RequestId: \(id)", "x-amzn-RequestId: \(id)"]).status == 400)
    }

    @Test("A refusal keeps the connection, and Connection says so")
    func keepsConnection() throws {
        let wire = try gateway.connect()
        for _ in 0..<3 { #expect(try wire.exchange("GET", "/dev/nowhere")["Connection"] == "keep-alive") }
        #expect(try wire.exchange("GET", "/dev/nowhere", ["Connection: close"])["Connection"] == "close")
        #expect(try wire.readToEnd().isEmpty)
    }

    @Test("A refusal of HEAD has the length of its body, and no body")
    func headRefusal() throws {
        let wire = try gateway.connect()
        let response = try wire.exchange("HEAD", "/dev/nowhere")
        #expect(response.status == 403)
        #expect(response["Content-Length"] == "42")
        #expect(try wire.exchange("GET", "/dev/mock").text == "hello")
    }

    @Test("Date is the hour's, in the form of RFC 9110")
    func date() throws {
        let text = try #require(try gateway.get("/dev/mock")["Date"])
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let date = try #require(formatter.date(from: text))
        #expect(abs(date.timeIntervalSinceNow) < 3600)
    }

    @Test("A mock answers with its status, its fields and its body")
    func mock() throws {
        let response = try gateway.get("/dev/mock")
        #expect(response.status == 201)
        #expect(response["X-One"] == "a")
        #expect(response["Content-Type"] == "text/plain")
        #expect(response.text == "hello")
        #expect(response["x-amzn-ErrorType"] == nil)
    }
}
