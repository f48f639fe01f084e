import Glibc
import Testing

@Suite("Limits are answers, never growth")
struct LimitTests {
    private func gateway(_ process: [String] = [], options: String = "defaultApi: shop") throws -> (Gateway, BackEnd) {
        let back = try BackEnd(answering: { reply("\($0.body.count)") })
        let routes = ["ANY /x": "\(back.uri)/x", "GET /{path+}": "{type: MOCK}"]
        let gateway = try Gateway(Configuration(routes, options: options, process))
        gateway.company.append(back)
        return (gateway, back)
    }

    @Test("A target over its limit is 414, one at the limit is served")
    func target() throws {
        let (gateway, _) = try gateway(["limits: {targetBytes: 1000}"])
        let longest = "/dev/x?" + String(repeating: "a", count: 1000 - 7)
        #expect(try gateway.get(longest).status == 200)
        let response = try gateway.get(longest + "a")
        #expect(response.status == 414)
        #expect(response.text == #"{"message":"Request URI too long"}"#)
        #expect(try gateway.record(of: response)["errorReason"] == "target_too_long")
    }

    @Test("The default limits: 8,192 bytes of target, 100 fields, 16 KiB a field, 60 KiB of head")
    func defaults() throws {
        let (gateway, _) = try gateway()
        let target = "/dev/x?" + String(repeating: "a", count: 8192 - 7)
        #expect(try gateway.get(target).status == 200)
        #expect(try gateway.get(target + "a").status == 414)
        // One more is Host.
        let fields = (0..<99).map { "X-\($0): 1" }
        #expect(try gateway.get("/dev/x", fields).status == 200)
        #expect(try gateway.get("/dev/x", fields + ["X: 1"]).status == 431)
        let long = "X: " + String(repeating: "a", count: 16_384 - 3)
        #expect(try gateway.get("/dev/x", [long]).status == 200)
        #expect(try gateway.get("/dev/x", [long + "a"]).status == 431)
        let fat = (0..<5).map { "X-\($0): " + String(repeating: "a", count: 13_000) }
        #expect(try gateway.get("/dev/x", Array(fat[..<4])).status == 200)
        let response = try gateway.get("/dev/x", fat)
        #expect(response.status == 431)
        #expect(try gateway.record(of: response)["errorReason"] == "head_too_large")
    }

    @Test("Smaller limits of the configuration hold")
    func configured() throws {
        let (gateway, _) = try gateway([
            "limits: {fields: 3, fieldBytes: 100, requestHeadBytes: 1024, targetBytes: 500}"
        ])
        #expect(try gateway.get("/dev/x", ["A: 1", "B: 2"]).status == 200)
        #expect(try gateway.get("/dev/x", ["A: 1", "B: 2", "C: 3"]).status == 431)
        #expect(try gateway.get("/dev/x", ["A: " + String(repeating: "a", count: 98)]).status == 431)
    }

    @Test("A body over its limit is 413, announced or chunked; one at the limit is served")
    func body() throws {
        let (gateway, _) = try gateway(["limits: {bodyBytes: 1000}"])
        let longest = String(repeating: "b", count: 1000)
        #expect(try gateway.call("POST", "/dev/x", body: longest).text == "1000")
        let response = try gateway.call("POST", "/dev/x", body: longest + "b")
        #expect(response.status == 413)
        #expect(response["x-amzn-ErrorType"] == "RequestTooLargeException")
        #expect(try gateway.record(of: response)["errorReason"] == "body_too_large")

        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked"])
        try wire.sendChunk([UInt8](repeating: 0x62, count: 600))
        try wire.sendChunk([UInt8](repeating: 0x62, count: 600))
        #expect(try wire.readResponse().status == 413)
        #expect(try wire.readToEnd().isEmpty)
    }

    @Test(
        "Chunks that cannot be read are 400 and end the connection",
        arguments: [
            "x\r\nabc\r\n", "-1\r\n", "3\r\nabcd\r\n", "3\nabc\r\n", "FFFFFFFFFFFFFFFFF\r\n", " 3\r\nabc\r\n",
            "3\0;x\r\nabc\r\n",
            "0x3\r\nabc\r\n", "\r\n",
        ])
    func chunks(text: String) throws {
        let (gateway, back) = try gateway()
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked"])
        try wire.send(text)
        let response = try wire.readResponse()
        #expect(response.status == 400)
        #expect(try wire.readToEnd().isEmpty)
        #expect(back.requests.isEmpty)
        try eventually("the upstream's connection ends") { back.open == 0 }
    }

    @Test("A head that does not come in time is 408, drop by drop as well")
    func slowHead() throws {
        let (gateway, _) = try gateway(["timeouts: {requestHead: 500ms}"])
        let wire = try gateway.connect()
        try wire.send("GET /dev/x HT")
        let response = try wire.readResponse()
        #expect(response.status == 408)
        #expect(try gateway.record(of: response)["errorReason"] == "head_timeout")

        let drops = try gateway.connect()
        inBackground { [socket = drops.socket] in
            for byte in "GET /dev/x HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".utf8 {
                guard (try? socket.write([byte])) != nil else { return }
                usleep(100_000)
            }
        }
        #expect(try drops.readResponse().status == 408)
    }

    @Test("A connection that sends nothing is closed without an answer")
    func silence() throws {
        let (gateway, _) = try gateway(["timeouts: {requestHead: 300ms, keepAlive: 300ms}"])
        #expect(try gateway.connect().readToEnd().isEmpty)
        let wire = try gateway.connect()
        #expect(try wire.exchange("GET", "/dev/x").status == 200)
        #expect(try wire.readToEnd().isEmpty)
    }

    @Test("A body that stops coming is 408")
    func slowBody() throws {
        let (gateway, back) = try gateway(["timeouts: {bodyGap: 300ms}"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Content-Length: 10"])
        try wire.send("half")
        #expect(try wire.readResponse().status == 408)
        #expect(try wire.readToEnd().isEmpty)
        try eventually("the upstream's connection ends") { back.open == 0 }
        #expect(back.requests.isEmpty)
    }

    @Test("An answer that moves no byte is cut after the stream's idle time")
    func idleStream() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            try connection.waitForEnd()
        }
        let gateway = try Gateway(Configuration(["GET /x": "\(back.uri)/x"], ["timeouts: {streamIdle: 300ms}"]))
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        #expect(try wire.readHead().status == 200)
        #expect(try wire.readToEnd() == Array("half".utf8))
        try eventually("the upstream's connection ends") { back.open == 0 }
    }

    @Test("One connection too many gets a 503, and room comes back when one ends", arguments: [true, false])
    func connections(perListener: Bool) throws {
        let (gateway, _) = try gateway(
            perListener ? [] : ["limits: {connections: 2}"],
            options: "defaultApi: shop" + (perListener ? ", maxConnections: 2" : ""))
        // What the start looked with may not have gone yet.
        var held: [Wire] = []
        try eventually("two connections are served") {
            held = []
            held = try (0..<2).map { _ in try gateway.connect() }
            return try held.allSatisfy { try $0.exchange("GET", "/dev/x").status == 200 }
        }
        let refused = try gateway.connect()
        let response = try refused.readResponse()
        #expect(response.status == 503)
        #expect(response["Connection"] == "close")
        #expect(try refused.readToEnd().isEmpty)
        #expect(try held[0].exchange("GET", "/dev/x").status == 200)
        held[0].socket.close()
        try eventually("a third is served") {
            let wire = try gateway.connect()
            return (try? wire.exchange("GET", "/dev/x").status) == 200
        }
    }

    @Test("A connection ends after its last request where the listener counts them")
    func requestsPerConnection() throws {
        let (gateway, _) = try gateway(options: "defaultApi: shop, maxRequestsPerConnection: 3")
        let wire = try gateway.connect()
        #expect(
            try (0..<3).map { _ in try wire.exchange("GET", "/dev/x")["Connection"] } == [
                "keep-alive", "keep-alive", "close",
            ])
        #expect(try wire.readToEnd().isEmpty)
    }
}
