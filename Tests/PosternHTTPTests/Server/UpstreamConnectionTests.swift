import Glibc
import NIOCore
import PosternHTTP
import Testing

/// One exchange with an upstream: framing both ways, and everything that may go wrong.
@Suite struct UpstreamConnectionTests {
    /// What an upstream answers to GET, and what is heard of it; whether the connection may be used again.
    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 length(5) keep", "hello", [], true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 none keep", nil, [], true),
            ("HTTP/1.1 204 No Content\r\n\r\n", "204 none keep", nil, [], true),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 none keep", nil, [], true),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhe\r\n3\r\nllo\r\n0\r\nX-A: 1\r\n\r\n",
                "200 chunked keep", "hello", ["X-A: 1"], true
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "200 length(5) close",
                "hello", [], false
            ),
            ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 length(5) close 1.0", "hello", [], false),
        ] as [(String, String, String?, [String], Bool)])
    func aResponseIsHeardAsItIs(_ text: String, _ head: String, _ body: String?, _ trailers: [String], _ isKept: Bool) {
        for isSplit in [false, true] {
            let bench = UpstreamBench()
            let exchange = bench.exchange()
            let upstream = bench.listener.accept()
            #expect(upstream.receives(UpstreamBench.getText))
            if isSplit { for byte in text.utf8 { upstream.send([byte]) } } else { upstream.send(text) }
            let events: [UpstreamRecorder.Event] =
                [.leased(uses: 0), .response(head)] + (body.map { [.body($0)] } ?? []) + [.end(trailers)]
            #expect(bench.hears(exchange, events))
            #expect(bench.idle == (isKept ? 1 : 0))
            #expect(bench.connections == (isKept ? 1 : 0))
        }
    }

    @Test func aResponseMayEndWithItsConnection() {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        let upstream = bench.listener.accept()
        #expect(upstream.receives(UpstreamBench.getText))
        upstream.send("HTTP/1.1 200 OK\r\n\r\nhello")
        #expect(bench.hears(exchange, [.leased(uses: 0), .response("200 untilClose close"), .body("hello")]))
        upstream.close()
        #expect(bench.hears(exchange, [.leased(uses: 0), .response("200 untilClose close"), .body("hello"), .end([])]))
        #expect(bench.connections == 0)
    }

    @Test func anAnswerToHEADHasNoBody() {
        let bench = UpstreamBench()
        let exchange = bench.exchange(UpstreamBench.head)
        let upstream = bench.listener.accept()
        upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        #expect(bench.hears(exchange, [.leased(uses: 0), .response("200 none keep"), .end([])]))
        #expect(bench.idle == 1)
    }

    @Test func bodiesAreFramedAnew() {
        let bench = UpstreamBench()
        let head = "POST /a HTTP/1.1\r\nHost: h\r\n"
        for (framing, text) in [
            (BodyFraming.length(5), "Content-Length: 5\r\n\r\nhello"),
            (.chunked, "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        ] {
            let exchange = bench.exchange(fresh: true, UpstreamBench.post(framing))
            let upstream = bench.listener.accept()
            _ = eventually { bench.onLoop { _ in exchange.connection != nil } }
            bench.onLoop { _ in
                exchange.connection!.sendBody(ByteBuffer(string: "he"))
                exchange.connection!.sendBody(ByteBuffer(string: "llo"))
                exchange.connection!.sendEnd(trailers: nil)
            }
            #expect(upstream.receives(head + text))
        }
        _ = bench.exchange(fresh: true, UpstreamBench.post(.none))
        #expect(bench.listener.accept().receives(head + "Content-Length: 0\r\n\r\n"))
    }

    // MARK: 1xx

    @Test func informationalHeadsPassButContinueDoesNot() {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        bench.listener.accept(sending: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + ok)
        {
            #expect(
                bench.hears(
                    exchange,
                    [.leased(uses: 0), .informational(103), .response("200 length(2) keep"), .body("ok"), .end([])]))
        }
    }

    @Test func informationalHeadsAreBounded() {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        bench.listener.accept(sending: repeating("HTTP/1.1 102 Processing\r\n\r\n", 1000, "") + ok) {
            let heads = Array(repeating: UpstreamRecorder.Event.informational(102), count: 16)
            #expect(
                bench.hears(
                    exchange, [.leased(uses: 0)] + heads + [.response("200 length(2) keep"), .body("ok"), .end([])]))
        }
    }

    // MARK: Failures

    /// What an upstream says before it closes, and what that is called.
    @Test(arguments: [
        ("", UpstreamFailure.closedBeforeResponse(wasReused: false)), ("HTTP/1.1 200", .closedMidResponse),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", .closedMidResponse),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .closedMidResponse),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", .closedMidResponse),
        ("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", .malformed(.bareLineFeed)),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", .malformed(.malformedStatusLine)),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            .malformed(.contentLengthWithTransferEncoding)
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", .malformed(.invalidChunk)),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
            .malformed(.forbiddenTrailer)
        ),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", .unexpectedUpgrade),
    ])
    func anythingLessThanAWholeResponseFails(_ text: String, _ failure: UpstreamFailure) {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        let upstream = bench.listener.accept()
        #expect(upstream.receives(UpstreamBench.getText))
        upstream.send(text)
        upstream.close()
        #expect(eventually { bench.onLoop { _ in exchange.events.last } == .failed(failure) })
        #expect(bench.connections == 0)
    }

    @Test func aKeptConnectionThatClosesSaysThatItWasKept() {
        let bench = UpstreamBench()
        let upstream = bench.serveOnce()
        let second = bench.exchange()
        #expect(upstream.receives(UpstreamBench.getText))
        upstream.close()
        #expect(bench.hears(second, [.leased(uses: 1), .failed(.closedBeforeResponse(wasReused: true))]))
    }

    @Test func aResponseThatDoesNotComeTimesOut() {
        let bench = UpstreamBench()
        let exchange = bench.exchange(timeout: .milliseconds(100))
        let upstream = bench.listener.accept()
        #expect(bench.hears(exchange, [.leased(uses: 0), .failed(.responseTimeout)]))
        #expect(upstream.receiveToEnd().text == UpstreamBench.getText)
    }

    @Test func aBodyThatStandsStillTimesOut() {
        let bench = UpstreamBench({ $0.streamIdle = .milliseconds(100) })
        let exchange = bench.exchange()
        bench.listener.accept(sending: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe") {
            #expect(
                bench.hears(
                    exchange, [.leased(uses: 0), .response("200 length(5) keep"), .body("he"), .failed(.streamIdle)]))
        }
    }

    @Test func aLongUploadIsNoSlowResponse() {
        let bench = UpstreamBench()
        let exchange = bench.exchange(timeout: .milliseconds(400), UpstreamBench.post(.chunked))
        let upstream = bench.listener.accept()
        for _ in 0..<10 {
            usleep(100_000)
            bench.onLoop { _ in
                exchange.connection!.sendBody(ByteBuffer(string: "x"))
                exchange.connection!.flush()
            }
        }
        bench.onLoop { _ in exchange.connection!.sendEnd(trailers: nil) }
        upstream.send(ok)
        #expect(bench.hears(exchange, [.leased(uses: 0), .response("200 length(2) keep"), .body("ok"), .end([])]))
    }

    // MARK: Doubt

    @Test func bytesBehindAResponseEndTheConnection() {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        bench.listener.accept(sending: ok + "HTTP/1.1 200 OK\r\n") {
            #expect(bench.hears(exchange, [.leased(uses: 0), .response("200 length(2) keep"), .body("ok"), .end([])]))
            #expect(bench.connections == 0)
        }
    }

    @Test func anAnswerBeforeTheEndOfTheRequestEndsTheConnection() {
        let bench = UpstreamBench()
        let exchange = bench.exchange(UpstreamBench.post(.length(5)))
        bench.listener.accept(sending: ok) {
            #expect(bench.hears(exchange, [.leased(uses: 0), .response("200 length(2) keep"), .body("ok"), .end([])]))
            #expect(bench.connections == 0)
        }
    }

    @Test func bytesOnAnIdleConnectionEndIt() {
        let bench = UpstreamBench()
        let upstream = bench.serveOnce()
        upstream.send(ok)
        #expect(eventually { bench.connections == 0 })
    }

    @Test func aCancelledExchangeHearsNothingMore() {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        let upstream = bench.listener.accept()
        #expect(upstream.receives(UpstreamBench.getText))
        bench.onLoop { _ in exchange.connection!.cancel() }
        #expect(upstream.receiveToEnd().text == "")
        #expect(bench.hears(exchange, [.leased(uses: 0)]))
        #expect(bench.connections == 0)
    }

    // MARK: Back-pressure

    @Test func aPausedBodyWaitsAndThenComesWhole() {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        bench.onLoop { _ in exchange.onBody = { $0.pauseReading() } }
        let upstream = bench.listener.accept()
        upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
        let first: [UpstreamRecorder.Event] = [.leased(uses: 0), .response("200 chunked keep"), .body("a")]
        #expect(bench.hears(exchange, first))
        bench.onLoop { _ in exchange.connection!.resumeReading() }
        #expect(bench.hears(exchange, [.leased(uses: 0), .response("200 chunked keep"), .body("ab")]))
        bench.onLoop { _ in exchange.connection!.resumeReading() }
        #expect(bench.hears(exchange, [.leased(uses: 0), .response("200 chunked keep"), .body("ab"), .end([])]))
        #expect(bench.idle == 1)
    }

    @Test func aPausedBodyIsNotTakenFromTheSocket() {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        bench.onLoop { _ in exchange.onBody = { $0.pauseReading() } }
        let upstream = bench.listener.accept()
        let size = 64 << 20
        upstream.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
        #expect(upstream.sendWhileTaken(Array(repeating: UInt8(ascii: "x"), count: size)) < size)
    }

    @Test func whatCameBeforeTheCloseIsHeardEvenIfPaused() {
        let bench = UpstreamBench()
        let exchange = bench.exchange()
        bench.onLoop { _ in exchange.onBody = { $0.pauseReading() } }
        let upstream = bench.listener.accept()
        #expect(upstream.receives(UpstreamBench.getText))
        upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n" + repeating("x", 30_000, ""))
        upstream.close()
        #expect(eventually { bench.onLoop { _ in exchange.events.last } == .end([]) })
        #expect(bench.onLoop { _ in exchange.events.count } == 4)
    }
}

let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

extension LoopbackListener {
    /// Accepts one connection, sends, and keeps it open while `body` runs.
    func accept(sending text: String, _ body: () -> Void) {
        let upstream = accept()
        upstream.send(text)
        body()
        upstream.close()
    }
}

extension UpstreamBench {
    /// One whole exchange; its connection is idle in the pool afterwards.
    func serveOnce() -> LoopbackSocket {
        let exchange = exchange()
        let upstream = listener.accept()
        _ = upstream.receives(Self.getText)
        upstream.send(ok)
        _ = hears(exchange, [.leased(uses: 0), .response("200 length(2) keep"), .body("ok"), .end([])])
        return upstream
    }
}
