import Testing

@Suite("1xx responses and Expect")
struct InformationalTests {
    @Test("An upstream's 103 reaches the caller before the answer")
    func earlyHints() throws {
        let back = try BackEnd(answering: { _ in
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n"
                + reply("done")
        })
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        for _ in 0..<2 {
            let response = try wire.exchange("GET", "/dev/x")
            #expect(response.informational.map { $0["Link"] } == ["</a>", "</b>"])
            #expect(response.informational.map(\.status) == [103, 103])
            #expect(response.text == "done")
        }
    }

    @Test("An HTTP/1.0 caller is spared 1xx")
    func oldCaller() throws {
        let back = try BackEnd(answering: { _ in "HTTP/1.1 103 Early Hints\r\n\r\n" + reply("done") })
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.send("GET /dev/x HTTP/1.0\r\nHost: shop.example\r\n\r\n")
        let response = try wire.readResponse()
        #expect(response.informational.isEmpty)
        #expect(response.text == "done")
    }

    @Test("Expect: 100-continue is answered by us when the upstream can take the body, and is not passed on")
    func expectContinue() throws {
        let back = try BackEnd(answering: { reply($0.text) })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Expect: 100-continue", "Content-Length: 5"])
        let interim = try wire.readHead()
        #expect(interim.status == 100)
        try wire.send("hello")
        let response = try wire.readResponse()
        #expect(response.text == "hello")
        #expect(response.informational.isEmpty)
        #expect(back.requests.first?["Expect"] == nil)
        #expect(try wire.exchange("POST", "/dev/x", body: "next").text == "next")
    }

    @Test("A caller that does not wait for 100 is served as well")
    func impatientCaller() throws {
        let back = try BackEnd(answering: { reply($0.text) })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        for text in ["first", "second"] {
            let response = try wire.exchange("POST", "/dev/x", ["Expect: 100-Continue"], body: text)
            #expect(response.text == text)
        }
    }

    @Test("A refused request gets its refusal and never a 100")
    func refusedExpectation() throws {
        let gateway = try Gateway(["POST /x": "{type: MOCK}"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/nowhere", ["Expect: 100-continue", "Content-Length: 5"])
        let response = try wire.readResponse()
        #expect(response.status == 403)
        #expect(response.informational.isEmpty)
    }

    @Test("An unknown expectation fails")
    func unknownExpectation() throws {
        let gateway = try Gateway(["POST /x": "{type: MOCK}"])
        #expect(try gateway.call("POST", "/dev/x", ["Expect: the-unexpected"]).status == 417)
    }

    @Test("An upstream that wants to switch protocols is a failed integration")
    func upgrade() throws {
        let back = try BackEnd(answering: { _ in
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        })
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        #expect(try gateway.get("/dev/x", ["Connection: upgrade", "Upgrade: x"]).status == 504)
    }

    @Test("An upstream's own 100 is not the caller's")
    func upstreamContinue() throws {
        let back = try BackEnd(answering: { "HTTP/1.1 100 Continue\r\n\r\n" + reply($0.text) })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let response = try gateway.call("POST", "/dev/x", body: "abc")
        #expect(response.informational.isEmpty)
        #expect(response.text == "abc")
    }
}
