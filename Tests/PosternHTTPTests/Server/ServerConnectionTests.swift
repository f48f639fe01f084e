import NIOCore
import PosternHTTP
import Testing

/// Requests and answers in their order, keep-alive, framing.
@Suite struct ServerConnectionTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let post = "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    private static let chunked =
        "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nX-T: 1\r\n\r\n"

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let bench = try ServerBench { recorder in
            recorder.onEnd = { $0.answer("\($0.events.count)") }
        }
        let client = bench.client()
        client.send(Self.get + Self.post + Self.chunked + Self.get)
        #expect(client.receives(answerText("2") + answerText("5") + answerText("8") + answerText("10")))
        #expect(
            bench.events() == [
                .head("GET /a @h none keep"), .end([]), .head("POST /b @h length(5) keep"), .body("hello"), .end([]),
                .head("PUT /c @h chunked keep"), .body("hello"), .end(["X-T: 1"]), .head("GET /a @h none keep"),
                .end([]),
            ])
    }

    @Test func itDoesNotMatterHowTheBytesArrive() throws {
        let bench = try ServerBench()
        let client = bench.client()
        for byte in (Self.get + Self.post + Self.chunked).utf8 { client.send([byte]) }
        #expect(client.receives(answerText() + answerText() + answerText()))
        #expect(
            bench.events() == [
                .head("GET /a @h none keep"), .end([]), .head("POST /b @h length(5) keep"), .body("hello"), .end([]),
                .head("PUT /c @h chunked keep"), .body("hello"), .end(["X-T: 1"]),
            ])
    }

    @Test func theNextRequestWaitsForTheAnswer() throws {
        let bench = try ServerBench { $0.onEnd = { _ in } }
        let client = bench.client()
        client.send(Self.get + Self.post)
        #expect(bench.hears([.head("GET /a @h none keep"), .end([])]))
        bench.withRecorder { $0.answer("late") }
        #expect(client.receives(answerText("late")))
        #expect(bench.events().count == 5)
    }

    @Test func anAnsweredRequestIsNotHeardOfAgain() throws {
        let bench = try ServerBench { $0.onHead = { $0.answer("no", status: 403) } }
        let client = bench.client()
        client.send(Self.get + Self.post + Self.chunked + Self.get)
        let answer = answerText("no", status: "403 Forbidden")
        #expect(client.receives(answer + answer + answer + answer))
        #expect(
            bench.events() == [
                .head("GET /a @h none keep"), .head("POST /b @h length(5) keep"), .head("PUT /c @h chunked keep"),
                .head("GET /a @h none keep"),
            ])
    }

    @Test func closeIsHonoured() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(client.receiveToEnd() == (answerText(connection: "close"), false))
        #expect(eventually { bench.connectionCount == 0 })
        #expect(bench.hears([.head("GET / @h none close"), .end([]), .closed]))
        #expect(bench.onLoop { $0.counts.closed } == 1)
    }

    @Test func http10ClosesUnlessItAsksNotTo() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(client.receives(answerText()))
        client.send("GET / HTTP/1.0\r\n\r\n")
        #expect(client.receiveToEnd() == (answerText(connection: "close"), false))
    }

    @Test func anAnswerToHEADHasNoBody() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + Self.get)
        #expect(
            client.receives("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n" + answerText()))
    }

    @Test func aStreamedBodyIsChunked() throws {
        let bench = try ServerBench { $0.onEnd = { stream($0.stream) } }
        let client = bench.client()
        client.send(Self.get + "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(
            client.receives(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
                    + "5\r\nhello\r\n2710\r\n\(repeating("x", 10_000, ""))\r\n0\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n"))
    }

    @Test func aStreamedBodyEndsWithTheConnectionInHTTP10() throws {
        let bench = try ServerBench { $0.onEnd = { stream($0.stream) } }
        let client = bench.client()
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let body = "hello" + repeating("x", 10_000, "")
        #expect(client.receiveToEnd() == ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(body)", false))
    }

    @Test func trailersPassUnlessTheyMustNotComeLate() throws {
        let bench = try ServerBench { recorder in
            recorder.onEnd = {
                $0.stream.beginHead(status: 200)
                $0.stream.endHead(.streamed)
                $0.stream.sendEnd(trailers: $0.trailers)
            }
        }
        let client = bench.client()
        client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\nAuthorization: x\r\n\r\n")
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
        #expect(client.receives(head + "0\r\nX-Sum: 1\r\n\r\n"))
    }

    @Test func escapesReachTheReceiverInUpperCase() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send("\r\nGET /%c3%a9/%e2?%c3 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.receives(answerText()))
        #expect(bench.events().first == .head("GET /%C3%A9/%E2?%c3 @h none keep lower"))
    }

    @Test func aConnectionServesSoManyRequests() throws {
        let bench = try ServerBench(settings: .with { $0.requestsPerConnection = 2 })
        let client = bench.client()
        client.send(Self.get + Self.get + Self.get)
        #expect(client.receiveToEnd().text == answerText() + answerText(connection: "close"))
    }

    // MARK: 100-continue

    @Test func continueIsSentOnceWhereItIsAwaited() throws {
        let bench = try ServerBench { recorder in
            recorder.onHead = {
                $0.stream.sendContinue()
                $0.stream.sendContinue()
            }
        }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(client.receives("HTTP/1.1 100 Continue\r\n\r\n"))
        client.send("hi" + Self.post)
        #expect(client.receives(answerText() + answerText()))
    }

    @Test func aFinalAnswerInPlaceOfContinueCloses() throws {
        let bench = try ServerBench { $0.onHead = { $0.answer("no", status: 403) } }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        // Whether a body follows cannot be known, so nothing behind this head can be.
        #expect(client.receiveToEnd() == (answerText("no", status: "403 Forbidden", connection: "close"), false))
    }

    @Test func informationalHeadsComeBeforeTheAnswer() throws {
        let bench = try ServerBench { recorder in
            recorder.onHead = {
                $0.stream.beginHead(status: 103)
                $0.stream.addField("Link", "</a>")
                $0.stream.endInformationalHead()
            }
        }
        let client = bench.client()
        client.send(Self.get)
        #expect(client.receives("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answerText()))
    }
}

/// A small part and a large one, since they are written in different ways.
@Sendable private func stream(_ stream: any ServerStream) {
    stream.beginHead(status: 200)
    stream.endHead(.streamed)
    stream.sendBody(ByteBuffer(string: "hello"))
    stream.sendBody(ByteBuffer(string: repeating("x", 10_000, "")))
    stream.sendEnd(trailers: nil)
}
