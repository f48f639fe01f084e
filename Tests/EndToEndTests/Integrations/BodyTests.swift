import Foundation
import Testing

@Suite("Bodies stream both ways")
struct BodyTests {
    @Test("A body with a length arrives whole and with its length", arguments: [1, 5, 1024, 65_536, 300_000])
    func lengths(count: Int) throws {
        let back = try BackEnd(answering: { reply($0.text) })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let body = String(repeating: "0123456789", count: count / 10 + 1).prefix(count)
        let response = try gateway.call("POST", "/dev/x", body: String(body))
        #expect(response.text == body)
        #expect(response.framing == .length(count))
        #expect(back.requests.first?.framing == .length(count))
    }

    @Test("A request without a body has no framing, and an empty POST says so")
    func noBody() throws {
        let back = try BackEnd(answering: { _ in reply("") })
        let gateway = try Gateway(["ANY /x": "\(back.uri)/x"])
        _ = try gateway.get("/dev/x")
        _ = try gateway.call("POST", "/dev/x", ["Content-Length: 0"])
        _ = try gateway.call("POST", "/dev/x")
        #expect(back.requests.map { $0["Content-Length"] } == [nil, "0", "0"])
        #expect(back.requests.map { $0["Transfer-Encoding"] } == [nil, nil, nil])
    }

    @Test("Chunks go on as they come, before the request or the response has ended")
    func interleaved() throws {
        let back = try BackEnd { connection in
            _ = try connection.wire.readRequestHead()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while let chunk = try connection.wire.readChunk() { try connection.wire.sendChunk(chunk) }
            _ = try connection.wire.readLine()
            try connection.send("0\r\n\r\n")
        }
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        // The first piece comes with the head, when there is no connection to the upstream yet; its echo comes while
        // the request is still open, so nothing can have been held back.
        try wire.send("POST /dev/x HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        var head = try wire.readHead()
        try head.findFraming(isResponse: true, to: "POST")
        #expect(head.framing == .chunked)
        #expect(try wire.readChunk() == Array("one".utf8))
        for text in ["two", "three", String(repeating: "4", count: 5000)] {
            try wire.sendChunk(Array(text.utf8))
            var echoed: [UInt8] = []
            while echoed.count < text.utf8.count { echoed += try #require(try wire.readChunk()) }
            #expect(echoed == Array(text.utf8))
        }
        try wire.send("0\r\n\r\n")
        #expect(try wire.readChunk() == nil)
        #expect(try wire.readLine() == "")
    }

    @Test("A chunked request arrives chunked, and a chunked answer comes back chunked")
    func chunked() throws {
        let back = try BackEnd(answering: { request in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + request.text.map { "1\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
        })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        for text in ["", "a", "hello, world"] {
            try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked"])
            for character in text { try wire.sendChunk(Array("\(character)".utf8)) }
            try wire.send("0\r\n\r\n")
            let response = try wire.readResponse()
            #expect(response.framing == .chunked)
            #expect(response.text == text)
        }
        #expect(back.requests.map(\.framing) == [.chunked, .chunked, .chunked])
        #expect(back.requests.map(\.text) == ["", "a", "hello, world"])
    }

    @Test("Chunk extensions are understood and not passed on")
    func chunkExtensions() throws {
        let back = try BackEnd(answering: { reply($0.text) })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked"])
        try wire.send("3;name=\"va;l\"\r\nabc\r\n0003;x\r\ndef\r\n0;end\r\n\r\n")
        #expect(try wire.readResponse().text == "abcdef")
    }

    @Test("Trailers pass in both directions, and those that would change the message do not")
    func trailers() throws {
        let back = try BackEnd(answering: { _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 900\r\n\r\n"
        })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked", "Trailer: X-Check"])
        try wire.send("2\r\nhi\r\n0\r\nX-Check: 7\r\n\r\n")
        let response = try wire.readResponse()
        #expect(response.trailers == [.init(name: "X-Sum", value: "900")])
        #expect(back.requests.first?.trailers == [.init(name: "X-Check", value: "7")])

        try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked"])
        try wire.send("0\r\nContent-Length: 7\r\nX-Fine: 1\r\n\r\n")
        let second = try? wire.readResponse()
        if second?.status == 200 { #expect(back.requests.last?.trailers == [.init(name: "X-Fine", value: "1")]) }
    }

    @Test("HEAD has the answer's length and no body, and the connection goes on")
    func head() throws {
        let back = try BackEnd(answering: { request in
            switch (request.method, request.target) {
            case ("HEAD", "/chunked"): "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            case ("HEAD", _): "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nX-A: b\r\n\r\n"
            default: reply("body")
            }
        })
        let gateway = try Gateway(["ANY /{p+}": "\(back.uri)/{p}"])
        let wire = try gateway.connect()
        let response = try wire.exchange("HEAD", "/dev/x")
        #expect(response["Content-Length"] == "1234")
        #expect(response["X-A"] == "b")
        #expect(try wire.exchange("HEAD", "/dev/chunked").status == 200)
        #expect(try wire.exchange("GET", "/dev/x").text == "body")
        #expect(back.accepted == 1)
    }

    @Test("Answers that cannot have a body have none", arguments: ["204 No Content", "304 Not Modified"])
    func bodiless(status: String) throws {
        let back = try BackEnd(answering: { _ in "HTTP/1.1 \(status)\r\nETag: \"e\"\r\n\r\n" })
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        for _ in 0..<3 {
            let response = try wire.exchange("GET", "/dev/x")
            #expect(response.startLine == "HTTP/1.1 \(status)")
            #expect(response["ETag"] == "\"e\"")
            #expect(response.values("Transfer-Encoding").isEmpty)
        }
        #expect(back.accepted == 1)
    }

    @Test("An answer that ends with its connection is chunked to an HTTP/1.1 caller, and ends one of HTTP/1.0")
    func untilClose() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n\r\nall of it")
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let response = try gateway.get("/dev/x")
        #expect(response.framing == .chunked)
        #expect(response.text == "all of it")

        let old = try gateway.connect()
        try old.send("GET /dev/x HTTP/1.0\r\nHost: shop.example\r\n\r\n")
        let answer = try old.readResponse()
        #expect(answer.values("Transfer-Encoding").isEmpty)
        #expect(answer.text == "all of it")
    }

    @Test("Unknown statuses and reasons of an upstream pass")
    func statuses() throws {
        for status in [200, 207, 299, 301, 404, 418, 429, 500, 503, 599] {
            let back = try BackEnd(answering: { _ in reply("x", status: "\(status) Anything") })
            let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
            let response = try gateway.get("/dev/x")
            #expect(response.status == status)
            #expect(response["x-amzn-ErrorType"] == nil)
            #expect(try gateway.record(of: response).number("integrationStatus") == status)
        }
    }
}
