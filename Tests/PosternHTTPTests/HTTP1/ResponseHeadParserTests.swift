import PosternHTTP
import Testing

/// Response heads that are taken: the method they answer, and what is read from them.
let acceptedResponses: [(name: String, method: HTTPMethod, bytes: [UInt8], reading: String)] = [
    ("a length", .get, wire("HTTP/1.1 200 OK\nContent-Length: 5\n\n"), "200 length(5) keep"),
    ("no length", .get, wire("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), "200 none keep"),
    ("chunked", .get, wire("HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n"), "200 chunked keep"),
    ("until the connection ends", .get, wire("HTTP/1.1 200 OK\n\n"), "200 untilClose close"),
    ("no reason", .get, wire("HTTP/1.1 404 \nContent-Length: 0\n\n"), "404 none keep"),
    ("no space before no reason", .get, wire("HTTP/1.1 404\nContent-Length: 0\n\n"), "404 none keep"),
    ("a reason of many words", .get, wire("HTTP/1.1 299 a\\t b \\xff\nContent-Length: 0\n\n"), "299 none keep"),
    ("an answer to HEAD", .head, wire("HTTP/1.1 200 OK\nContent-Length: 5\n\n"), "200 none keep"),
    ("a chunked answer to HEAD", .head, wire("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"), "200 none keep"),
    ("an answer to HEAD without framing", .head, wire("HTTP/1.1 200 OK\n\n"), "200 none keep"),
    ("204", .get, wire("HTTP/1.1 204 No Content\n\n"), "204 none keep"),
    ("304 with a length", .get, wire("HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n"), "304 none keep"),
    ("100", .post, wire("HTTP/1.1 100 Continue\n\n"), "100 none keep"),
    ("103", .get, wire("HTTP/1.1 103 Early Hints\nLink: </a>\n\n"), "103 none keep"),
    ("close", .get, wire("HTTP/1.1 200 OK\nContent-Length: 5\nConnection: close\n\n"), "200 length(5) close"),
    ("HTTP/1.0", .get, wire("HTTP/1.0 200 OK\nContent-Length: 5\n\n"), "200 length(5) close 1.0"),
    (
        "HTTP/1.0 kept alive", .get, wire("HTTP/1.0 200 OK\nContent-Length: 5\nConnection: keep-alive\n\n"),
        "200 length(5) keep 1.0"
    ),
    ("several cookies", .get, wire("HTTP/1.1 200 OK\nSet-Cookie: a\nSet-Cookie: b\n\n"), "200 untilClose close"),
]

let refusedResponses: [(refusal: WireRefusal, name: String, bytes: [UInt8])] = [
    (.malformedStatusLine, "no HTTP", wire("ICY 200 OK\n\n")),
    (.malformedStatusLine, "HTTP/2", wire("HTTP/2.0 200 OK\n\n")),
    (.malformedStatusLine, "HTTP/1.2", wire("HTTP/1.2 200 OK\n\n")),
    (.malformedStatusLine, "an empty line first", wire("\nHTTP/1.1 200 OK\n\n")),
    (.malformedStatusLine, "a status of two digits", wire("HTTP/1.1 20 OK\n\n")),
    (.malformedStatusLine, "a status of four digits", wire("HTTP/1.1 2000 OK\n\n")),
    (.malformedStatusLine, "a status with a sign", wire("HTTP/1.1 +20 OK\n\n")),
    (.malformedStatusLine, "a status under 100", wire("HTTP/1.1 099 OK\n\n")),
    (.malformedStatusLine, "a status over 599", wire("HTTP/1.1 600 OK\n\n")),
    (.malformedStatusLine, "two spaces", wire("HTTP/1.1  200 OK\n\n")),
    (.malformedStatusLine, "a bare CR in the reason", wire(#"HTTP/1.1 200 a\rb"# + "\n\n")),
    (.malformedStatusLine, "a NUL in the reason", wire(#"HTTP/1.1 200 a\0"# + "\n\n")),
    (.malformedStatusLine, "a status line without end", Array("HTTP/1.1 200 \(repeating("a", 17_000, ""))".utf8)),
    (.bareLineFeed, "bare LFs", wire(#"HTTP/1.1 200 OK\nContent-Length: 0\n\n"#)),
    (.contentLengthWithTransferEncoding, "CL and TE", answer("Content-Length: 5\nTransfer-Encoding: chunked")),
    (.duplicateContentLength, "two lengths", answer("Content-Length: 5\nContent-Length: 5")),
    (.invalidContentLength, "a list of lengths", answer("Content-Length: 5, 5")),
    (.invalidContentLength, "a negative length", answer("Content-Length: -1")),
    (.unknownTransferCoding, "gzip, chunked", answer("Transfer-Encoding: gzip, chunked")),
    (.unknownTransferCoding, "two codings", answer("Transfer-Encoding: chunked\nTransfer-Encoding: chunked")),
    (.transferEncodingInHTTP10, "TE in HTTP/1.0", wire("HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n")),
    (.obsoleteFolding, "a folded value", answer("X: a\n b")),
    (.spaceBeforeColon, "a space before the colon", answer("Content-Length : 5")),
    (.bareCarriageReturn, "response splitting by CR", answer(#"X: a\rSet-Cookie: b"#)),
    (.bareLineFeed, "response splitting by LF", answer(#"X: a\nSet-Cookie: b"#)),
    (.controlInField, "a NUL", answer(#"X: a\0"#)),
    (.tooManyFields, "101 fields", answer(repeating("X: a", 101))),
    (.headTooLarge, "a head over its limit", answer(repeating("X: \(repeating("a", 10_000, ""))", 7))),
]

private func answer(_ fields: String) -> [UInt8] { wire("HTTP/1.1 200 OK\n\(fields)\n\n") }

@Suite struct ResponseHeadParserTests {
    @Test func aProperHeadIsReadAsItIs() {
        for (name, method, bytes, reading) in acceptedResponses {
            let whole = Outcome.accepted(length: bytes.count, reading)
            #expect(parseResponse(bytes, answering: method) == whole, "\(name)")
            #expect(parseResponse(bytes + wire("HTTP/1.1 "), answering: method) == whole, "\(name)")
            for length in 0..<bytes.count {
                #expect(
                    parseResponse(Array(bytes[..<length]), answering: method) == .needMore, "\(name), \(length) bytes")
            }
        }
    }

    @Test func anythingElseIsRefusedByName() {
        for (refusal, name, bytes) in refusedResponses {
            #expect(parseResponse(bytes, answering: .get) == .refused(refusal), "\(name)")
        }
    }

    @Test func itDoesNotMatterHowTheBytesArrive() {
        let cases =
            acceptedResponses.map { ($0.name, $0.method, $0.bytes) }
            + refusedResponses.map { ($0.name, .get, $0.bytes) }
        for (name, method, bytes) in cases {
            let whole = parseResponse(bytes, answering: method)
            for cut in stride(from: 0, to: bytes.count, by: bytes.count < 1000 ? 1 : 499) {
                #expect(parseResponse(bytes, answering: method, cuts: [cut]) == whole, "\(name), cut at \(cut)")
            }
            #expect(parseResponse(bytes, answering: method, cuts: 0..<bytes.count) == whole, "\(name), byte by byte")
        }
    }

    @Test func fieldsNamedByConnectionAreForThisHop() throws {
        let bytes = answer("Connection: Keep-Alive, X-A\nKeep-Alive: timeout=5\nX-A: 1\nX-B: 2\nContent-Length: 0")
        var parser = ResponseHeadParser(limits: HeadLimits())
        _ = try parser.parse(bytes.span, answering: .get)
        #expect(parser.head.fields.filter(\.isHopByHop).map { text($0.name, bytes) } == ["X-A"])
    }
}
