import Testing

@Suite("A request cannot hide in another")
struct SmugglingTests {
    /// What a hidden request would ask for; nothing else in these tests does.
    private static let hidden = "GET /dev/hidden HTTP/1.1\r\nHost: shop.example\r\n\r\n"

    private let back: BackEnd
    private let gateway: Gateway

    init() throws {
        back = try BackEnd(answering: { reply("\($0.target) \($0.text)") })
        gateway = try Gateway(
            Configuration(
                ["ANY /x": "\(back.uri)/x", "GET /hidden": "\(back.uri)/hidden"]))
    }

    @Test(
        "Framings that two readers could take differently are refused, and nothing of them goes on",
        arguments: [
            "Content-Length: 6\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 6",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity, chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked;a=b",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding:\u{0B}chunked",
            "Transfer-Encoding : chunked\r\nContent-Length: 6",
            "Transfer-Encoding\t: chunked",
            " Transfer-Encoding: chunked",
            "X: a\r\n Transfer-Encoding: chunked",
            "X: a\nTransfer-Encoding: chunked",
            "X: a\rTransfer-Encoding: chunked",
            "Content-Length: 6\r\nContent-Length: 0",
            "Content-Length: 6, 0",
            "Content-Length: 6 0",
            "Content-Length: 06abc",
            "Content_Length: 6",
            "Transfer_Encoding: chunked",
        ])
    func ambiguousFraming(fields: String) throws {
        let wire = try gateway.connect()
        try wire.send("POST /dev/x HTTP/1.1\r\nHost: shop.example\r\n\(fields)\r\n\r\n0\r\n\r\n\(Self.hidden)")
        let response = try wire.readResponse()
        #expect(response.status == 400 || response.status == 501)
        #expect(try wire.readToEnd().isEmpty)
        #expect(back.requests.isEmpty)
        #expect(back.accepted == 0)
    }

    @Test("What follows a whole request is the caller's own next request, routed and authorized as such")
    func pipelinedIsItsOwn() throws {
        let wire = try gateway.connect()
        try wire.send("POST /dev/x HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 3\r\n\r\nabc\(Self.hidden)")
        #expect(try wire.readResponse().text == "/x abc")
        #expect(try wire.readResponse().text == "/hidden ")
    }

    @Test("A request inside a body stays in the body")
    func insideBody() throws {
        let wire = try gateway.connect()
        let length = try wire.exchange("POST", "/dev/x", body: Self.hidden)
        #expect(length.text == "/x " + Self.hidden)
        try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked"])
        try wire.sendChunk(Array(Self.hidden.utf8))
        try wire.send("0\r\n\r\n")
        #expect(try wire.readResponse().text == "/x " + Self.hidden)
        let get = try wire.exchange("GET", "/dev/x", body: Self.hidden)
        #expect(get.text == "/x " + Self.hidden)
        #expect(back.requests.map(\.target) == ["/x", "/x", "/x"])
    }

    @Test("Line ends cannot get into what we write", arguments: ["%0d%0a", "%0D%0AX-Evil:%201", "%0a"])
    func injectedLines(escape: String) throws {
        let gateway = try Gateway(["GET /p/{id}": "\(back.uri)/p/{id}"])
        let response = try gateway.get("/dev/p/\(escape)")
        #expect(response.status == 400)
        #expect(try gateway.get("/dev/p/a?q=\(escape)").status == 200)
        #expect(back.requests.allSatisfy { $0["X-Evil"] == nil })
    }

    @Test("A body that the route does not read is not the next request")
    func unreadBody() throws {
        let gateway = try Gateway(
            Configuration(["POST /mock": "{type: MOCK, body: m}", "GET /hidden": "{type: MOCK, body: h}"]))
        for target in ["/dev/mock", "/dev/nowhere"] {
            let wire = try gateway.connect()
            let first = try wire.exchange("POST", target, body: Self.hidden)
            #expect(first.text != "h")
            let second = try wire.exchange("POST", "/dev/mock")
            #expect(second.text == "m")
        }
        #expect(!gateway.records.contains { $0["path"] == "/dev/hidden" })
    }

    @Test("An upstream that answers early does not turn the rest of a body into a request")
    func earlyAnswer() throws {
        let early = try BackEnd { connection in
            while true {
                let head = try connection.wire.readRequestHead()
                connection.note(head.target)
                try connection.send(reply("early"))
            }
        }
        let gateway = try Gateway(["POST /x": "\(early.uri)/x"])
        for _ in 0..<3 {
            let wire = try gateway.connect()
            try wire.request("POST", "/dev/x", ["Content-Length: \(Self.hidden.utf8.count)"])
            #expect(try wire.readResponse().text == "early")
            try? wire.send(Self.hidden)
        }
        // The back end here takes bodies for heads: it must never be given one on a connection that is reused.
        try eventually("three answers") { early.notes.count >= 3 }
        #expect(early.notes.allSatisfy { $0 == "/x" })
    }
}
