import Glibc
import Testing

@Suite("Connections to upstreams")
struct PoolTests {
    @Test("Requests of different callers reuse one connection, and each loop has its own")
    func reuse() throws {
        let back = try BackEnd(answering: { reply("\($0.connection)") })
        var configuration = try Configuration(["GET /x": "\(back.uri)/x"])
        let one = try Gateway(configuration)
        for _ in 0..<20 { #expect(try one.get("/dev/x").text == "0") }
        #expect(back.accepted == 1)

        configuration = try Configuration(["GET /x": "\(back.uri)/x"])
        configuration.loops = 2
        let two = try Gateway(configuration)
        for _ in 0..<40 { #expect(try two.get("/dev/x").status == 200) }
        #expect(back.accepted <= 3)
    }

    @Test("An upstream that says close is not asked again on that connection")
    func upstreamCloses() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply("once", ["Connection: close"]))
        }
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        for _ in 0..<10 { #expect(try wire.exchange("POST", "/dev/x", body: "a").text == "once") }
        #expect(back.accepted == 10)
    }

    @Test("An HTTP/1.0 upstream is served with a connection a request")
    func oldUpstream() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold")
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        for _ in 0..<5 { #expect(try gateway.get("/dev/x").text == "old") }
        #expect(back.accepted == 5)
    }

    @Test("A kept connection that the upstream closes on a request is replaced, and the caller sees nothing")
    func retry() throws {
        // Every connection answers once, and is closed by the arrival of a second request.
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply("\(connection.number)"))
            _ = try connection.wire.readRequestHead()
        }
        let gateway = try Gateway(["ANY /x": "\(back.uri)/x"])
        #expect(try gateway.get("/dev/x").text == "0")
        let second = try gateway.get("/dev/x")
        #expect(second.text == "1")
        #expect(try gateway.record(of: second).number("retryCount") == 1)
        #expect(try gateway.call("DELETE", "/dev/x").status == 200)
    }

    @Test("A request that may not be sent twice is not retried")
    func noRetry() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply("ok"))
            _ = try connection.readRequest()
        }
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        #expect(try gateway.call("POST", "/dev/x", body: "1").status == 200)
        let response = try gateway.call("POST", "/dev/x", body: "2")
        #expect(response.status == 504)
        #expect(response.text == #"{"message": "Network error communicating with endpoint"}"#)
        #expect(back.requests.map(\.text) == ["1", "2"])
    }

    @Test("A new connection that closes without an answer is not tried twice")
    func noRetryOnFresh() throws {
        let back = try BackEnd { connection in _ = try connection.readRequest() }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        #expect(try gateway.get("/dev/x").status == 504)
        #expect(back.accepted == 1)
    }

    @Test("A connection that the upstream has closed while idle is not used")
    func closedWhileIdle() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply("ok"))
        }
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        for _ in 0..<5 {
            #expect(try gateway.call("POST", "/dev/x", body: "1").text == "ok")
            // Long enough on loopback for the close to arrive; if it does not, the answer would be 504.
            try eventually("the back end has closed") { back.open == 0 }
            usleep(100_000)
        }
    }

    @Test("Bytes behind an answer poison the connection, not the next answer")
    func excessBytes() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply("ok") + reply("forged"))
            while true {
                _ = try connection.readRequest()
                try connection.send(reply("late"))
            }
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        for _ in 0..<5 { #expect(try wire.exchange("GET", "/dev/x").text == "ok") }
    }

    @Test("An idle connection is closed after its time")
    func idleTime() throws {
        let back = try BackEnd(answering: { _ in reply("ok") })
        let gateway = try Gateway(
            Configuration(["GET /x": "\(back.uri)/x"], ["timeouts: {upstreamKeepAlive: 200ms}"]))
        #expect(try gateway.get("/dev/x").status == 200)
        try eventually("the idle connection is closed") { back.open == 0 }
        #expect(try gateway.get("/dev/x").status == 200)
    }
}
