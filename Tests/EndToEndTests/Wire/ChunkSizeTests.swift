import Testing

@Suite("Lines that give a chunk's size")
struct ChunkSizeTests {
    private static let good = ["5", "05", "5;a=b", "5 ;a", "5\t;a=\"b\""]
    private static let bad = ["5 xyz", "5 ", "5\t", "5 5", " 5", "5,", "0x5", "+5", "-5", "5\u{0B}", "", "g", "5_"]

    @Test("A caller's: digits, and behind them nothing but an extension", arguments: bad)
    func refused(line: String) throws {
        let back = try BackEnd.echo()
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked"])
        try wire.send("\(line)\r\nhello\r\n0\r\n\r\n")
        let response = try wire.readResponse()
        #expect(response.status == 400)
        #expect(response["Connection"] == "close")
        #expect(try wire.readToEnd().isEmpty)
        #expect(try gateway.record(of: response)["errorReason"] == "invalid_chunk")
        #expect(back.requests.isEmpty)
    }

    @Test("An extension behind white space is one", arguments: good)
    func taken(line: String) throws {
        let back = try BackEnd(answering: { reply($0.text) })
        let gateway = try Gateway(["POST /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("POST", "/dev/x", ["Transfer-Encoding: chunked"])
        try wire.send("\(line)\r\nhello\r\n0\r\n\r\n")
        #expect(try wire.readResponse().text == "hello")
    }

    @Test("An upstream's cuts the answer, so that nobody takes it for whole", arguments: ["5 xyz", "5 "])
    func upstream(line: String) throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(line)\r\nhello\r\n0\r\n\r\n")
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        let answer = String(decoding: try wire.readToEnd(), as: UTF8.self)
        #expect(!answer.contains("hello"))
        #expect(!answer.hasSuffix("0\r\n\r\n"))
    }
}
