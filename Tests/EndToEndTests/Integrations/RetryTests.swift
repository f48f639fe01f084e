import Testing

@Suite("What may be sent twice")
struct RetryTests {
    @Test(
        "The method that the upstream is sent decides, not the caller's",
        arguments: [
            (caller: "GET", upstream: "POST", status: 504, seen: 2),
            (caller: "GET", upstream: "GET", status: 200, seen: 3),
            (caller: "POST", upstream: "GET", status: 200, seen: 3),
        ])
    func method(caller: String, upstream: String, status: Int, seen: Int) throws {
        // Every connection answers once and ends without a word on its second request.
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply("ok"))
            _ = try connection.readRequest()
        }
        let gateway = try Gateway(["\(caller) /x": "{uri: \"\(back.uri)/x\", method: \(upstream)}"])
        #expect(try gateway.call(caller, "/dev/x").status == 200)
        let second = try gateway.call(caller, "/dev/x")
        #expect(second.status == status)
        #expect(try gateway.record(of: second).number("retryCount") ?? 0 == seen - 2)
        #expect(back.requests.map(\.method) == [String](repeating: upstream, count: seen))
    }

    @Test(
        "A new connection that closes without a word is made up for by another target, where the request may be sent twice",
        arguments: [(method: "GET", statuses: Set([200])), (method: "POST", statuses: Set([200, 504]))])
    func otherTarget(method: String, statuses: Set<Int>) throws {
        let mute = try BackEnd { connection in _ = try connection.readRequest() }
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply("ok", ["Connection: close"]))
        }
        let targets = [mute, back].map { "\"\($0.authority)\"" }.joined(separator: ", ")
        let gateway = try Gateway(["\(method) /x": "{uri: http://either/x, targets: [\(targets)]}"])
        let answers = try (0..<8).map { _ in try gateway.call(method, "/dev/x").status }
        #expect(Set(answers) == statuses)
        #expect(!mute.requests.isEmpty)
    }

    @Test("A target that failed is not the one that a request is tried on again, whoever else takes turns meanwhile")
    func turns() throws {
        let gate = Flag()
        let mute = try BackEnd { connection in
            _ = try connection.readRequest()
            try gate.wait()
        }
        let back = try BackEnd(answering: { _ in reply("ok") })
        let targets = [mute, back].map { "\"\($0.authority)\"" }.joined(separator: ", ")
        let gateway = try Gateway(["GET /x": "{uri: http://either/x, targets: [\(targets)]}"])
        let waiting = try gateway.connect()
        try waiting.send("GET /dev/x HTTP/1.1\r\nHost: x\r\n\r\n")
        try eventually("the first target has the request") { mute.requests.count == 1 }
        // This one takes the other target, so that the first would be next.
        #expect(try gateway.get("/dev/x").text == "ok")
        gate.raise()
        #expect(try waiting.readResponse().text == "ok")
    }
}
