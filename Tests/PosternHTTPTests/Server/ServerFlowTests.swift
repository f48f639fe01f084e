import Glibc
import NIOCore
import PosternHTTP
import Testing

/// Back-pressure, time limits, and connections that end.
@Suite struct ServerFlowTests {
    private static let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    // MARK: Back-pressure

    @Test func aPausedBodyWaitsAndThenComesWhole() throws {
        let bench = try ServerBench { $0.onHead = { $0.stream.pauseReading() } }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + Self.get)
        #expect(bench.hears([.head("POST / @h length(5) keep")]))
        let before = bench.withRecorder { $0.readsCompleted }
        bench.withRecorder { $0.stream.resumeReading() }
        #expect(client.receives(answerText()))
        // What came out of the buffer has no end of a read of its own, but its receiver has to flush it all the same.
        #expect(bench.withRecorder { $0.readsCompleted } > before)
        #expect(bench.withRecorder { $0.body } == "hello")
    }

    @Test func aPausedBodyIsNotTakenFromTheSocket() throws {
        let bench = try ServerBench { $0.onHead = { $0.stream.pauseReading() } }
        let client = bench.client()
        let size = 616 << 20
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n")
        let taken = client.sendWhileTaken(Array(repeating: UInt8(ascii: "x"), count: size))
        #expect(taken < size)
        #expect(bench.events().count == 1)
    }

    @Test func pausingWithinABodyStopsIt() throws {
        let bench = try ServerBench { $0.onBody = { $0.stream.pauseReading() } }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
        #expect(bench.hears([.head("POST / @h chunked keep"), .body("a")]))
        bench.withRecorder { $0.stream.resumeReading() }
        #expect(bench.events().last == .body("ab"))
        bench.withRecorder { $0.stream.resumeReading() }
        #expect(client.receives(answerText()))
    }

    @Test func answersThatNobodyReadsDoNotPileUp() throws {
        let body = repeating("x", 8000, "")
        let bench = try ServerBench { $0.onEnd = { $0.answer(body) } }
        let client = bench.client()
        let requests = 5000
        let sent = client.sendWhileTaken(Array(repeating(Self.get, requests, "").utf8))
        // All of it may fit into the sockets, but not the 40 MB of answers.
        let answered = bench.events().count / 2
        #expect(answered < requests)
        let whole = sent / Self.get.utf8.count
        let answer = answerText(body)
        #expect((0..<whole).allSatisfy { _ in client.receives(answer) })
        #expect(bench.events().count / 2 >= answered)
    }

    @Test func aReceiverHearsWhenItMayWriteOn() throws {
        let bench = try ServerBench { recorder in
            recorder.onEnd = {
                $0.stream.beginHead(status: 200)
                $0.stream.endHead(.streamed)
                for _ in 0..<64 { $0.stream.sendBody(ByteBuffer(string: repeating("x", 100_000, ""))) }
                $0.stream.flush()
            }
        }
        let client = bench.client()
        client.send(Self.get)
        #expect(eventually { bench.withRecorder { $0.writability } == [false] })
        #expect(!bench.withRecorder { $0.stream.isWritable })
        let size =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n".utf8.count
            + 64 * (100_000 + "186a0\r\n\r\n".utf8.count)
        #expect(client.receive(size).utf8.count == size)
        #expect(eventually { bench.withRecorder { $0.writability } == [false, true] })
        bench.withRecorder { $0.stream.sendEnd(trailers: nil) }
        #expect(client.receives("0\r\n\r\n"))
    }

    /// What the writer holds is not lost or sent twice when the channel calls back in the middle of a flush.
    @Test func writingWhileTheChannelFlushesKeepsTheOrder() throws {
        let bench = try ServerBench { recorder in
            recorder.onEnd = {
                $0.stream.beginHead(status: 200)
                $0.stream.endHead(.streamed)
                for part in 0..<40 {
                    $0.stream.sendBody(ByteBuffer(string: repeating("\(part % 10)", 5000, "")))
                    if part % 3 == 0 { $0.stream.flush() }
                }
                $0.stream.sendEnd(trailers: nil)
            }
        }
        let client = bench.client()
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        var expected = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        for part in 0..<40 { expected += "1388\r\n" + repeating("\(part % 10)", 5000, "") + "\r\n" }
        #expect(client.receiveToEnd().text == expected + "0\r\n\r\n")
    }

    // MARK: Time limits

    @Test func aSlowHeadIsAnsweredWith408() throws {
        let bench = try ServerBench(settings: .with { $0.timeouts.requestHead = .milliseconds(100) })
        let client = bench.client()
        client.send(Self.get)
        #expect(client.receives(answerText()))
        client.send("GET / HTTP/1.1\r\nHost:")
        let refusal = answerText("head_timeout", status: "408 Request Timeout", connection: "close")
        #expect(client.receiveToEnd() == (refusal, false))
        #expect(bench.events().contains(.refused(.headTimeout, method: "GET")))
    }

    @Test func bytesThatDribbleDoNotMoveTheLimit() throws {
        let bench = try ServerBench(settings: .with { $0.timeouts.requestHead = .milliseconds(200) })
        let client = bench.client()
        client.send("GET / HTTP/1.1\r\nHost: h\r\nX: ")
        // 20 s of bytes, were they all taken.
        for _ in 0..<200 where !bench.events().contains(.refused(.headTimeout, method: "GET")) {
            client.send("x")
            usleep(100_000)
        }
        #expect(bench.events().contains(.refused(.headTimeout, method: "GET")))
    }

    @Test func aConnectionWithoutARequestIsClosedInSilence() throws {
        let bench = try ServerBench(
            settings: .with {
                $0.timeouts.requestHead = .milliseconds(100)
                $0.timeouts.keepAlive = .milliseconds(100)
            })
        #expect(bench.client().receiveToEnd() == ("", false))
        let client = bench.client()
        client.send(Self.get)
        #expect(client.receiveToEnd() == (answerText(), false))
        #expect(bench.hears([.head("GET / @h none keep"), .end([]), .closed]))
    }

    @Test func aBodyThatStopsComingFailsTheRequest() throws {
        let bench = try ServerBench(settings: .with { $0.timeouts.bodyGap = .milliseconds(100) }) { recorder in
            recorder.onFailure = { $0.answer("slow", status: 408) }
        }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
        #expect(
            client.receiveToEnd() == (answerText("slow", status: "408 Request Timeout", connection: "close"), false))
        #expect(bench.hears([.head("POST / @h length(5) keep"), .body("he"), .failed(.bodyTimeout), .closed]))
    }

    @Test func whileWeDoNotReadNobodyIsTooSlow() throws {
        let bench = try ServerBench(settings: .with { $0.timeouts.bodyGap = .milliseconds(50) }) { recorder in
            recorder.onHead = { $0.stream.pauseReading() }
        }
        let client = bench.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        #expect(bench.hears([.head("POST / @h length(5) keep")]))
        usleep(400_000)
        bench.withRecorder { $0.stream.resumeReading() }
        #expect(client.receives(answerText()))
    }

    @Test func aResponseThatStandsStillIsCut() throws {
        let bench = try ServerBench(settings: .with { $0.timeouts.streamIdle = .milliseconds(100) }) { recorder in
            recorder.onEnd = {
                $0.stream.beginHead(status: 200)
                $0.stream.endHead(.length(5))
                $0.stream.flush()
            }
        }
        let client = bench.client()
        client.send(Self.get)
        #expect(client.receiveToEnd().text == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n")
        #expect(bench.events().contains(.failed(.streamIdle)))
    }

    // MARK: Ends

    @Test func aClientThatLeavesIsNoticed() throws {
        let bench = try ServerBench { $0.onEnd = { _ in } }
        let client = bench.client()
        client.send(Self.get)
        #expect(bench.hears([.head("GET / @h none keep"), .end([])]))
        client.close()
        #expect(bench.hears([.head("GET / @h none keep"), .end([]), .failed(.clientClosed), .closed]))
        #expect(bench.connectionCount == 0)
    }

    @Test func aClientThatLeavesBetweenRequestsFailsNothing() throws {
        let bench = try ServerBench()
        let client = bench.client()
        client.send(Self.get)
        #expect(client.receives(answerText()))
        client.close()
        #expect(bench.hears([.head("GET / @h none keep"), .end([]), .closed]))
    }

    @Test func theLastAnswerArrivesWholeHoweverSlowlyItIsRead() throws {
        let body = repeating("x", 16 << 20, "")
        let bench = try ServerBench { $0.onEnd = { $0.answer(body) } }
        let client = bench.client()
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        usleep(100_000)
        let (text, wasReset) = client.receiveToEnd()
        #expect(text == answerText(body, connection: "close"))
        #expect(!wasReset)
    }

    @Test func anAbortedBodyDoesNotLookWhole() throws {
        let bench = try ServerBench { recorder in
            recorder.onEnd = {
                $0.stream.beginHead(status: 200)
                $0.stream.endHead(.streamed)
                $0.stream.sendBody(ByteBuffer(string: "half"))
                $0.stream.flush()
            }
        }
        let client = bench.client()
        client.send("GET / HTTP/1.0\r\n\r\n")
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf"
        #expect(client.receives(head))
        bench.withRecorder { $0.stream.abort() }
        #expect(client.receiveToEnd() == ("", true))
        let other = bench.client()
        other.send(Self.get)
        #expect(other.receive(80).hasSuffix("4\r\nhalf\r\n"))
        bench.onLoop { $0.abort(1) }
        #expect(other.receiveToEnd().text == "")
    }

    @Test func aDrainEndsIdleConnectionsAndLetsBusyOnesFinish() throws {
        let bench = try ServerBench { recorder in
            recorder.onEnd = { if $0.events.count > 2 { return } else { $0.answer("ok") } }
        }
        let idle = bench.client()
        idle.send(Self.get)
        #expect(idle.receives(answerText()))
        let busy = bench.client()
        busy.send(Self.get)
        #expect(busy.receives(answerText()))
        busy.send(Self.get)
        #expect(eventually { bench.events(1).count == 4 })
        let begun = bench.client()
        begun.send("GET / HTTP/1.1\r\nHost: ")
        #expect(eventually { bench.connectionCount == 3 })
        usleep(50_000)
        bench.drain()
        #expect(idle.receiveToEnd() == ("", false))
        bench.onLoop { $0.answer(1, "last") }
        #expect(busy.receiveToEnd() == (answerText("last", connection: "close"), false))
        begun.send("h\r\n\r\n")
        #expect(begun.receiveToEnd() == (answerText(connection: "close"), false))
        #expect(eventually { bench.connectionCount == 0 })
    }

    @Test func aDrainDoesNotCutAnAnswerThatIsBeingRead() throws {
        let body = repeating("x", 16 << 20, "")
        let bench = try ServerBench { $0.onEnd = { $0.answer(body) } }
        let client = bench.client()
        client.send(Self.get)
        #expect(bench.hears([.head("GET / @h none keep"), .end([])]))
        bench.drain()
        #expect(client.receiveToEnd() == (answerText(body), false))
    }

    @Test func manyConnectionsComeAndGoWithoutATrace() throws {
        let bench = try ServerBench(most: 4)
        for round in 0..<50 {
            let client = bench.client()
            if round % 3 != 0 { client.send(round % 3 == 1 ? Self.get : "GET /%") }
            client.close()
            #expect(eventually { bench.onLoop { $0.counts.closed == round + 1 } })
        }
        #expect(bench.connectionCount == 0)
        #expect(bench.onLoop { $0.counts.accepted } == 50)
    }
}
