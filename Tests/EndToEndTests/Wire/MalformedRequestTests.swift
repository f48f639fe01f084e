import Testing

@Suite("Requests that are refused for their form")
struct MalformedRequestTests {
    private let back: BackEnd
    private let gateway: Gateway

    init() throws {
        back = try BackEnd.echo()
        gateway = try Gateway(Configuration(["ANY /x": "\(back.uri)/x", "ANY /p/{path+}": "\(back.uri)/{path}"]))
    }

    private static let head = "Host: shop.example\r\n"

    static let cases: [(String, Int, String)] = [
        ("GET /dev/x HTTP/1.1\nHost: shop.example\n\n", 400, "bare_line_feed"),
        ("GET /dev/x HTTP/1.1\r\nHost: shop.example\nX: 1\r\n\r\n", 400, "bare_line_feed"),
        ("GET /dev/x HTTP/1.1\rHost: shop.example\r\n\r\n", 400, ""),
        ("GET /dev/x HTTP/1.1\r\n\(head)X: a\rb\r\n\r\n", 400, "bare_carriage_return"),
        ("GET /dev/x HTTP/1.1\r\n\(head)X: a\r\n b\r\n\r\n", 400, "obsolete_folding"),
        ("GET /dev/x HTTP/1.1\r\n\(head)X : a\r\n\r\n", 400, "space_before_colon"),
        ("GET /dev/x HTTP/1.1\r\n\(head)X: a\0b\r\n\r\n", 400, "control_in_field"),
        ("GET /dev/x HTTP/1.1\r\n\(head)X: a\u{7F}b\r\n\r\n", 400, "control_in_field"),
        ("GET /dev/x HTTP/1.1\r\n\(head)No colon\r\n\r\n", 400, ""),
        ("GET /dev/x HTTP/1.1\r\n\(head): empty\r\n\r\n", 400, "invalid_field_name"),
        ("GET  /dev/x HTTP/1.1\r\n\(head)\r\n", 400, "malformed_request_line"),
        ("GET /dev/x  HTTP/1.1\r\n\(head)\r\n", 400, ""),
        ("GET /dev/x\r\n\(head)\r\n", 400, "malformed_request_line"),
        ("GET /dev/x HTTP/1.1 \r\n\(head)\r\n", 400, ""),
        ("G\u{7F}T /dev/x HTTP/1.1\r\n\(head)\r\n", 400, ""),
        ("GET /dev/x HTTP/2.0\r\n\(head)\r\n", 505, "unsupported_version"),
        ("GET /dev/x HTTP/0.9\r\n\(head)\r\n", 505, "unsupported_version"),
        ("GET /dev/x http/1.1\r\n\(head)\r\n", 400, ""),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported_version"),
        ("GET /dev/x HTTP/1.1\r\n\r\n", 400, "missing_host"),
        ("GET /dev/x HTTP/1.1\r\n\(head)\(head)\r\n", 400, "duplicate_host"),
        ("GET /dev/x HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "invalid_host"),
        ("GET /dev/x HTTP/1.1\r\nHost: user@shop\r\n\r\n", 400, "invalid_host"),
        ("GET http://other.example/dev/x HTTP/1.1\r\n\(head)\r\n", 400, "authority_mismatch"),
        ("GET dev/x HTTP/1.1\r\n\(head)\r\n", 400, "invalid_target"),
        ("OPTIONS * HTTP/1.1\r\n\(head)\r\n", 400, "invalid_target"),
        ("CONNECT shop.example:443 HTTP/1.1\r\n\(head)\r\n", 400, "invalid_target"),
        ("GET /dev/x#fragment HTTP/1.1\r\n\(head)\r\n", 400, "invalid_target"),
        ("GET /dev/p/a%2Fb HTTP/1.1\r\n\(head)\r\n", 400, "encoded_separator"),
        ("GET /dev/p/a%2fb HTTP/1.1\r\n\(head)\r\n", 400, "encoded_separator"),
        ("GET /dev/p/a%5cb HTTP/1.1\r\n\(head)\r\n", 400, "encoded_separator"),
        ("GET /dev/p/a%00b HTTP/1.1\r\n\(head)\r\n", 400, "encoded_separator"),
        ("GET /dev/p/a\\b HTTP/1.1\r\n\(head)\r\n", 400, "invalid_target"),
        ("GET /dev/p/%61dmin HTTP/1.1\r\n\(head)\r\n", 400, "encoded_unreserved"),
        ("GET /dev/p/%2e%2e/x HTTP/1.1\r\n\(head)\r\n", 400, "encoded_unreserved"),
        ("GET /dev/p/%zz HTTP/1.1\r\n\(head)\r\n", 400, "invalid_escape"),
        ("GET /dev/p/100% HTTP/1.1\r\n\(head)\r\n", 400, "invalid_escape"),
        ("GET /dev/p/../x HTTP/1.1\r\n\(head)\r\n", 400, "dot_segment"),
        ("GET /dev/./x HTTP/1.1\r\n\(head)\r\n", 400, "dot_segment"),
        ("GET //dev/x HTTP/1.1\r\n\(head)\r\n", 400, "empty_segment"),
        ("GET /dev//x HTTP/1.1\r\n\(head)\r\n", 400, "empty_segment"),
        (
            "POST /dev/x HTTP/1.1\r\n\(head)Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400,
            "duplicate_content_length"
        ),
        ("POST /dev/x HTTP/1.1\r\n\(head)Content-Length: 1, 1\r\n\r\na", 400, "invalid_content_length"),
        ("POST /dev/x HTTP/1.1\r\n\(head)Content-Length: +1\r\n\r\na", 400, "invalid_content_length"),
        ("POST /dev/x HTTP/1.1\r\n\(head)Content-Length: -1\r\n\r\na", 400, "invalid_content_length"),
        ("POST /dev/x HTTP/1.1\r\n\(head)Content-Length: 0x1\r\n\r\na", 400, "invalid_content_length"),
        ("POST /dev/x HTTP/1.1\r\n\(head)Content-Length:\r\n\r\na", 400, "invalid_content_length"),
        ("POST /dev/x HTTP/1.1\r\n\(head)Content-Length: 99999999999999999999\r\n\r\n", 400, "invalid_content_length"),
        (
            "POST /dev/x HTTP/1.1\r\n\(head)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501,
            "unknown_transfer_coding"
        ),
        ("POST /dev/x HTTP/1.1\r\n\(head)Transfer-Encoding: identity\r\n\r\n", 501, "unknown_transfer_coding"),
        (
            "POST /dev/x HTTP/1.0\r\n\(head)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
            "transfer_encoding_in_http_1_0"
        ),
        ("POST /dev/x HTTP/1.1\r\n\(head)Expect: 200-ok\r\n\r\n", 417, "unknown_expectation"),
    ]

    @Test("Each is answered with its status, named in the log, and ends the connection", arguments: cases)
    func refused(request: String, status: Int, reason: String) throws {
        let wire = try gateway.connect()
        try wire.send(request)
        let response = try wire.readResponse()
        #expect(response.status == status)
        #expect(response["Content-Type"] == "application/json")
        #expect(response["x-amzn-ErrorType"] != nil)
        #expect(response["Connection"] == "close")
        #expect(try wire.readToEnd().isEmpty)
        #expect(back.accepted == 0)
        let record = try gateway.record(of: response)
        #expect(reason.isEmpty || record["errorReason"] == reason, "\(record)")
        #expect(record.number("status") == status)
    }

    @Test("An empty line in front of a request, an absolute target that agrees and white space around values are fine")
    func tolerated() throws {
        for text in [
            "\r\nGET /dev/x HTTP/1.1\r\nHost: shop.example\r\n\r\n",
            "GET http://shop.example/dev/x HTTP/1.1\r\nHost: shop.example\r\n\r\n",
            "GET http://SHOP.example/dev/x HTTP/1.1\r\nhOST:\t shop.example \t\r\n\r\n",
            "GET /dev/x HTTP/1.0\r\n\r\n",
        ] {
            let wire = try gateway.connect()
            try wire.send(text)
            #expect(try wire.readResponse().text.hasPrefix("GET /x HTTP/1.1\r\n"), "\(text)")
        }
    }

    @Test("Lower-case escapes reach policy and upstream in upper case")
    func canonicalEscapes() throws {
        #expect(try gateway.get("/dev/p/a%3fb%C3%a4").text.hasPrefix("GET /a%3Fb%C3%A4 HTTP/1.1\r\n"))
    }

    @Test("A head is understood however its bytes are split")
    func everySplit() throws {
        let text =
            "POST /dev/x?q=1 HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        let bytes = Array(text.utf8)
        let wire = try gateway.connect()
        for split in 1..<bytes.count {
            try wire.send(Array(bytes[..<split]))
            try wire.send(Array(bytes[split...]))
            let response = try wire.readResponse()
            #expect(response.text.hasPrefix("POST /x?q=1 HTTP/1.1\r\n") && response.text.hasSuffix("\r\n\r\nabc"))
        }
        for byte in bytes { try wire.send([byte]) }
        #expect(try wire.readResponse().text.hasSuffix("\r\n\r\nabc"))
    }
}
