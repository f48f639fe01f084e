import Foundation
import NIOCore
import PosternHTTP
import Testing

/// Requests that break the rules: answered, and nothing behind them believed.
@Suite struct ServerRefusalTests {
    @Test func aRefusedHeadIsAnsweredAndTheConnectionEnds() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send(
            "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /../x HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let refusal = answerText("dot_segment", status: "400 Bad Request", connection: "close")
        #expect(client.receiveToEnd() == (answerText() + refusal, false))
        #expect(bench.hears([.head("GET / @h none keep"), .end([]), .refused(.dotSegment, method: "GET"), .closed]))
    }

    @Test func aRefusalReachesAClientThatIsStillSending() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n" + repeating("x", 500_000, ""))
        let refusal = answerText("invalid_content_length", status: "400 Bad Request", connection: "close")
        #expect(client.receiveToEnd() == (refusal, false))
    }

    @Test func aRefusalBehindHEADHasItsBody() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n"
        let refusal = answerText("missing_host", status: "400 Bad Request", connection: "close")
        #expect(client.receiveToEnd() == (head + refusal, false))
    }

    @Test func aRefusedHEADHasNoBody() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send("HEAD / HTTP/1.1\r\n\r\n")
        let head = "HTTP/1.1 400 Bad Request\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"
        #expect(client.receiveToEnd() == (head, false))
    }

    /// Bodies that a refusal leaves unread, and whether the connection is worth keeping.
    @Test(arguments: [
        ("Content-Length: 5\r\n\r\nhello", true), ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true),
        ("Content-Length: 60000\r\n\r\n" + repeating("x", 60_000, ""), true),
        ("Content-Length: 200000\r\n\r\n" + repeating("x", 200_000, ""), false),
    ])
    func anUnreadBodyIsReadOnOrTheConnectionEnds(_ body: String, _ isKept: Bool) throws {
        let bench = try ServerBench { recorder in
            recorder.onHead = { $0.answer("no", status: 403) }
        }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\n" + body + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        let last = answerText("no", status: "403 Forbidden", connection: "close")
        let first = answerText("no", status: "403 Forbidden")
        #expect(client.receiveToEnd() == (isKept ? first + last : last, false))
    }

    @Test func aBodyThatSaysItIsTooLargeIsRefusedBeforeItComes() throws {
        let bench = try ServerBench(settings: .with { $0.bodyBytes = 4 })
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
        let refusal = answerText("body_too_large", status: "413 Content Too Large", connection: "close")
        #expect(client.receiveToEnd() == (refusal, false))
        #expect(bench.hears([.refused(.bodyTooLarge, method: "POST"), .closed]))
    }

    @Test func aBodyThatGrowsTooLargeIsRefused() throws {
        let bench = try ServerBench(settings: .with { $0.bodyBytes = 4 }) { recorder in
            recorder.onFailure = { $0.answer("no", status: 413) }
        }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n1\r\n!\r\n0\r\n\r\n")
        #expect(
            client.receiveToEnd() == (answerText("no", status: "413 Content Too Large", connection: "close"), false))
        #expect(bench.events().contains(.failed(.malformedBody(.bodyTooLarge))))
    }

    /// What each of these would smuggle: a second request that one reader sees and another does not.
    @Test(arguments: [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\nG",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\nG", "Content-Length: 0\r\nContent-Length: 44\r\n\r\nG",
        "X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    ])
    func nothingIsSmuggled(_ rest: String) throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\n" + rest + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        let (text, wasReset) = client.receiveToEnd()
        #expect((text.hasPrefix("HTTP/1.1 400 ") || text.hasPrefix("HTTP/1.1 501 ")) && !wasReset)
        #expect(text.components(separatedBy: "HTTP/1.1").count == 2)
        #expect(bench.events().count { if case .refused = $0 { true } else { false } } == 1)
        #expect(!bench.events().contains { if case .head = $0 { true } else { false } })
    }

    @Test(arguments: [
        "5\r\nhelloX", "5\nhello\r\n", "0x5\r\n", "5\r\nhello\r\nzz\r\n", "0\r\nContent-Length: 5\r\n\r\n",
    ])
    func aMalformedBodyEndsTheRequestAndTheConnection(_ body: String) throws {
        let bench = try ServerBench { recorder in
            recorder.onFailure = { $0.answer("no", status: 400) }
        }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        #expect(client.receiveToEnd() == (answerText("no", status: "400 Bad Request", connection: "close"), false))
        #expect(bench.events().contains { if case .failed(.malformedBody) = $0 { true } else { false } })
    }

    @Test func aConnectionTooManyIsToldSo() throws {
        let bench = try ServerBench(most: 1)
        let first = bench.client()
        first.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(first.receives(answerText()))
        let (text, wasReset) = bench.client().receiveToEnd()
        #expect(text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n") && !wasReset)
        #expect(text.components(separatedBy: "\r\n\r\n").last?.utf8.count == 33)
        first.close()
        #expect(eventually { bench.connectionCount == 0 })
        let next = bench.client()
        next.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(next.receives(answerText()))
    }

    @Test func aProxyHeaderIsTakenOffTheFront() throws {
        let bench = try ServerBench(settings: .with { $0.requiresProxyHeader = true }) { recorder in
            recorder.onEnd = { $0.answer($0.stream.connection.remote?.ipAddress ?? "-") }
        }
        let client = bench.client()
        for byte in "PROXY TCP4 10.1.2.3 10.0.0.1 4000 80\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8 {
            client.send([byte])
        }
        #expect(client.receives(answerText("10.1.2.3")))
        let other = bench.client()
        other.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(other.receiveToEnd().text == "")
        #expect(bench.onLoop { $0.counts.proxyRefusals } == 1)
    }
}
