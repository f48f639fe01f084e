import Glibc
import Testing

@Suite("Integrations that fail")
struct FailureTests {
    private static let network = #"{"message": "Network error communicating with endpoint"}"#
    private static let timedOut = #"{"message": "Endpoint request timed out"}"#

    @Test("Nobody at the address: 504, network error, and the log says what happened")
    func refused() throws {
        let port = try FreePort.next()
        let gateway = try Gateway(["GET /x": "http://127.0.0.1:\(port)/x"])
        let response = try gateway.get("/dev/x")
        #expect(response.status == 504)
        #expect(response.text == Self.network)
        #expect(response["Content-Length"] == "56")
        #expect(response["x-amzn-ErrorType"] == "InternalServerErrorException")
        let record = try gateway.record(of: response)
        #expect(record["errorResponseType"] == "INTEGRATION_FAILURE")
        #expect(record["upstream"] == "127.0.0.1:\(port)")
        #expect(record["errorReason"]?.isEmpty == false)
    }

    @Test("A name that does not exist: 500, internal server error")
    func unresolvable() throws {
        let gateway = try Gateway(["GET /x": "http://no-such-host.invalid/x"])
        let response = try gateway.get("/dev/x")
        #expect(response.status == 500)
        #expect(response.text == #"{"message": "Internal server error"}"#)
        #expect(response["Content-Length"] == "36")
        #expect(try gateway.record(of: response)["errorReason"]?.contains("no-such-host.invalid") == true)
    }

    @Test("A missing Unix socket: 504, network error")
    func missingSocket() throws {
        let gateway = try Gateway(["GET /x": "\"http://unix:/tmp/no-such-directory/x.sock:/x\""])
        #expect(try gateway.get("/dev/x").text == Self.network)
    }

    @Test("No response head in time: 504, timed out, and the upstream's connection is closed")
    func responseTimeout() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.waitForEnd()
            connection.note("ended")
        }
        let gateway = try Gateway(["GET /x": "{type: HTTP_PROXY, uri: '\(back.uri)/x', timeout: 100ms}"])
        let wire = try gateway.connect()
        let response = try wire.exchange("GET", "/dev/x")
        #expect(response.status == 504)
        #expect(response.text == Self.timedOut)
        #expect(response["Content-Length"] == "41")
        #expect(try gateway.record(of: response)["errorResponseType"] == "INTEGRATION_TIMEOUT")
        try eventually("the upstream sees the end") { back.notes == ["ended"] }
        #expect(try wire.exchange("GET", "/dev/x").status == 504)
    }

    @Test("No connection in time: 504")
    func connectTimeout() throws {
        // A listener whose queue is full answers no further connection.
        let full = try Socket.make(AF_INET)
        try full.bind(to: .tcp("127.0.0.1", 0))
        #expect(listen(full.descriptor, 0) == 0)
        let place = SocketPlace.tcp("127.0.0.1", full.localPort)
        let waiting = (0..<3).map { _ in startConnecting(to: place) }
        defer { for socket in waiting { socket?.close() } }
        let gateway = try Gateway(["GET /x": "{type: HTTP_PROXY, uri: 'http://\(place)/x', connectTimeout: 100ms}"])
        let response = try gateway.get("/dev/x")
        #expect(response.status == 504)
        #expect([Self.network, Self.timedOut].contains(response.text))
    }

    private func startConnecting(to place: SocketPlace) -> Socket? {
        guard let socket = try? Socket.make(AF_INET) else { return nil }
        _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
        _ = place.withAddress { connect(socket.descriptor, $0, $1) }
        return socket
    }

    @Test(
        "An answer that is not HTTP is a failed integration, not the caller's to sort out",
        arguments: [
            "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "", "HTTP/1.1 200",
        ])
    func malformed(answer: String) throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(answer)
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let response = try gateway.get("/dev/x")
        #expect(response.status == 504)
        #expect(response.text == Self.network)
    }

    @Test(
        "An upstream gone mid-body cuts the caller's connection, so that nobody takes a part for the whole",
        arguments: ["Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"])
    func upstreamGone(rest: String) throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n\(rest)")
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        let head = try wire.readHead()
        #expect(head.status == 200)
        let left = String(decoding: try wire.readToEnd(), as: UTF8.self)
        #expect(!left.hasSuffix("0\r\n\r\n"))
        #expect(left.contains("half"))
        let id = head["x-amzn-RequestId"]
        #expect(try gateway.record { $0["requestId"] == id }["abortedBy"] == "upstream")
    }

    @Test("A chunk that cannot be read cuts the caller's connection")
    func malformedChunk() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxyz\r\n")
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        let answer = String(decoding: try wire.readToEnd(), as: UTF8.self)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 "))
        #expect(!answer.contains("\r\n0\r\n"))
    }

    @Test("A caller gone mid-answer ends the upstream's connection")
    func clientGoneMidAnswer() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true { try connection.wire.sendChunk([UInt8](repeating: 0x61, count: 10_000)) }
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        for isReset in [false, true] {
            let wire = try gateway.connect()
            try wire.request("GET", "/dev/x")
            let id = try wire.readHead()["x-amzn-RequestId"]
            if isReset { wire.socket.reset() } else { wire.socket.close() }
            try eventually("the upstream's connection ends") { back.open == 0 }
            #expect(try gateway.record { $0["requestId"] == id }["abortedBy"] == "client")
        }
    }

    @Test("A caller gone mid-request ends the upstream's connection before the body could seem whole")
    func clientGoneMidRequest() throws {
        let back = try BackEnd { connection in
            var request = try connection.wire.readRequestHead()
            connection.note("head")
            do {
                try connection.wire.readBody(&request)
                connection.note("whole")
            } catch {
                connection.note("cut")
            }
        }
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        for (number, framing) in ["Content-Length: 100", "Transfer-Encoding: chunked"].enumerated() {
            let wire = try gateway.connect()
            try wire.request("POST", "/dev/x", [framing])
            try wire.send("5\r\nhello\r\n")
            try eventually("the upstream has the head") { back.notes.count == 2 * number + 1 }
            wire.socket.close()
            try eventually("the upstream sees the cut") { back.notes.count == 2 * number + 2 }
        }
        #expect(back.notes == ["head", "cut", "head", "cut"])
        try eventually("no connection is left") { back.open == 0 }
    }

    @Test("A caller gone while waiting ends the upstream's connection")
    func clientGoneWaiting() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        try eventually("the upstream has the request") { back.requests.count == 1 }
        wire.socket.close()
        try eventually("the upstream's connection ends") { back.open == 0 }
    }

    @Test("An upstream that answers before the body has come is heard, and the exchange ends cleanly")
    func earlyAnswer() throws {
        let back = try BackEnd { connection in
            _ = try connection.wire.readRequestHead()
            try connection.send(reply("no", status: "413 Too Large", ["Connection: close"]))
        }
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Content-Length: 10000000"])
        let response = try wire.readResponse()
        #expect(response.status == 413)
        #expect(response.text == "no")
        try eventually("no upstream connection is left") { back.open == 0 }
    }

    @Test("After failures of every kind no descriptor is left open")
    func nothingLeaks() throws {
        let back = try BackEnd { connection in
            let request = try connection.readRequest()
            switch request.target {
            case "/cut": try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            case "/none": break
            case "/slow": try connection.waitForEnd()
            case "/bad": try connection.send("nonsense\r\n\r\n")
            default: try connection.send(reply("ok", ["Connection: close"]))
            }
        }
        // A connection that was opened for a caller who has gone may wait in the pool, but not for long.
        let route = "{type: HTTP_PROXY, uri: '\(back.uri)/{path}', timeout: 100ms}"
        let gateway = try Gateway(Configuration(["ANY /{path+}": route], ["timeouts: {upstreamKeepAlive: 100ms}"]))
        _ = try gateway.get("/dev/ok")
        try eventually("everything is closed") { back.open == 0 }
        let before = gateway.openDescriptors
        for _ in 0..<20 {
            for path in ["ok", "cut", "none", "slow", "bad"] {
                let wire = try gateway.connect()
                try wire.request("GET", "/dev/\(path)")
                _ = try? wire.readResponse()
            }
            let gone = try gateway.connect()
            try gone.request("GET", "/dev/slow")
            gone.socket.reset()
        }
        try eventually("the upstream has no connection") { back.open == 0 }
        try eventually("as many descriptors as before") { gateway.openDescriptors <= before }
    }
}
