import Glibc
import Testing

@Suite("Connections of callers")
struct PersistenceTests {
    @Test("Pipelined requests are answered in their order, the slow first one too")
    func pipelining() throws {
        let back = try BackEnd(answering: { request in
            if request.target == "/0" { usleep(200_000) }
            return reply(request.target)
        })
        let gateway = try Gateway(["ANY /{n}": "\(back.uri)/{n}", "GET /mock/{n}": "{type: MOCK, body: mock}"])
        let wire = try gateway.connect()
        var requests = ""
        for number in 0..<50 {
            let path = number % 7 == 3 ? "mock/\(number)" : "\(number)"
            requests += "GET /dev/\(path) HTTP/1.1\r\nHost: shop.example\r\n\r\n"
        }
        try wire.send(requests)
        for number in 0..<50 {
            #expect(try wire.readResponse().text == (number % 7 == 3 ? "mock" : "/\(number)"))
        }
    }

    @Test("Pipelined bodies keep apart")
    func pipelinedBodies() throws {
        let back = try BackEnd(answering: { reply($0.text) })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        let head = "POST /dev/x HTTP/1.1\r\nHost: shop.example\r\n"
        try wire.send(
            head + "Content-Length: 3\r\n\r\none" + head + "Transfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
                + head
                + "Content-Length: 0\r\n\r\n" + head + "Content-Length: 4\r\n\r\nfour")
        #expect(try (0..<4).map { _ in try wire.readResponse().text } == ["one", "two", "", "four"])
    }

    @Test("A flood of pipelined requests without reading is held back, and then answered whole")
    func flood() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK, body: '\(String(repeating: "m", count: 1000))'}"])
        let wire = try gateway.connect()
        let count = 20_000
        let request = Array("GET /dev/x HTTP/1.1\r\nHost: shop.example\r\n\r\n".utf8)
        inBackground { [socket = wire.socket] in
            for _ in 0..<count / 100 {
                guard (try? socket.write((0..<100).flatMap { _ in request })) != nil else { return }
            }
        }
        usleep(500_000)
        for _ in 0..<count { #expect(try wire.readResponse().body.count == 1000) }
        #expect(gateway.peakMemory < 64 << 10, "\(gateway.peakMemory) KiB")
    }

    @Test("One connection serves many requests, and all records carry its number")
    func keepAlive() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK, body: m}"])
        let wire = try gateway.connect()
        for _ in 0..<100 { #expect(try wire.exchange("GET", "/dev/x").text == "m") }
        try eventually("all are recorded") { gateway.records.count == 100 }
        #expect(Set(gateway.records.map { $0.number("connectionId") }).count == 1)
    }

    @Test("Connection: close ends the connection behind the answer, HTTP/1.0 does so by itself")
    func closing() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK, body: m}"])
        for request in [
            "GET /dev/x HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n",
            "GET /dev/x HTTP/1.1\r\nHost: shop.example\r\nConnection: foo, Close\r\n\r\n",
            "GET /dev/x HTTP/1.0\r\nHost: shop.example\r\n\r\n",
        ] {
            let wire = try gateway.connect()
            try wire.send(request)
            let response = try wire.readResponse()
            #expect(response.text == "m")
            #expect(response["Connection"] == "close")
            #expect(try wire.readToEnd().isEmpty)
        }
    }

    @Test("HTTP/1.0 may ask to keep its connection")
    func oldKeepAlive() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK, body: m}"])
        let wire = try gateway.connect()
        for _ in 0..<3 {
            try wire.send("GET /dev/x HTTP/1.0\r\nHost: shop.example\r\nConnection: keep-alive\r\n\r\n")
            let response = try wire.readResponse()
            #expect(response.text == "m")
            #expect(response["Connection"] == "keep-alive")
        }
    }

    /// Whether its reading side is gone as well cannot be seen; nginx takes it so too.
    @Test("A caller that ends its side before the answer is taken to be gone")
    func halfClose() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["ANY /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", body: "half")
        try eventually("the upstream has the request") { back.requests.count == 1 }
        wire.socket.endWriting()
        #expect(try wire.readToEnd().isEmpty)
        try eventually("the upstream's connection ends") { back.open == 0 }
        #expect(try gateway.record { $0["path"] == "/dev/x" }["abortedBy"] == "client")
    }

    @Test("Two hundred callers at once are all answered, by both loops")
    func manyCallers() throws {
        let back = try BackEnd(answering: { reply($0.target) })
        var configuration = try Configuration(["GET /{n}": "\(back.uri)/{n}"])
        configuration.loops = 2
        let gateway = try Gateway(configuration)
        let wires = try (0..<200).map { _ in try gateway.connect() }
        for round in 0..<3 {
            for (number, wire) in wires.enumerated() { try wire.request("GET", "/dev/\(round)-\(number)") }
            for (number, wire) in wires.enumerated() { #expect(try wire.readResponse().text == "/\(round)-\(number)") }
        }
    }
}
