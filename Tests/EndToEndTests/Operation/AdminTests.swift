import Foundation
import Testing

@Suite("The admin socket")
struct AdminTests {
    @Test("It tells that the process lives and is ready")
    func health() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        try eventually("ready") { try gateway.admin("/ready").status == 200 }
        #expect(try gateway.admin("/live").status == 200)
        #expect(try gateway.admin("/nothing").status == 404)
        let mode = try FileManager.default.attributesOfItem(atPath: gateway.directory.file("admin.sock"))[
            .posixPermissions]
        #expect(mode as? Int == 0o660)
    }

    @Test("Metrics count requests by route, refusals by kind, connections by endpoint")
    func metrics() throws {
        let gateway = try Gateway(["GET /order/{id}": "{type: MOCK}"])
        for _ in 0..<3 { #expect(try gateway.get("/dev/order/7").status == 200) }
        #expect(try gateway.get("/dev/nowhere").status == 403)
        let bad = try gateway.connect()
        try bad.send("nonsense\r\n\r\n")
        _ = try bad.readResponse()
        let response = try gateway.admin("/metrics")
        #expect(response.status == 200)
        #expect(response["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        let lines = response.text.split(separator: "\n")
        func value(_ name: String, _ labels: String...) -> Double {
            lines.filter { line in line.hasPrefix(name) && labels.allSatisfy { line.contains($0) } }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
        }
        #expect(value("postern_requests_total", "http_route=\"/order/{id}\"", "api=\"shop\"", "stage=\"dev\"") == 3)
        #expect(value("http_server_request_duration_seconds_count", "http_route=\"/order/{id}\"") == 3)
        #expect(value("postern_refusals_total", "MISSING_AUTHENTICATION_TOKEN") == 1)
        #expect(value("postern_parse_refusals_total", "malformed_request_line") == 1)
        #expect(value("postern_connections_accepted_total", "vpce-mesh") >= 5)
        #expect(value("postern_ready") == 1)
        #expect(value("postern_event_loops") == 1)
        #expect(value("process_resident_memory_bytes") > 0)
        #expect(!response.text.contains("/order/7"))
        for line in lines where !line.hasPrefix("#") {
            #expect(line.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eE]+(Inf|NaN)?/) != nil, "\(line)")
        }
    }

    @Test("A loopback port shows the same and orders nothing")
    func port() throws {
        let port = try FreePort.next()
        let directory = try TemporaryDirectory()
        let gateway = try Gateway(
            Configuration(["GET /x": "{type: MOCK}"], ["admin: {socket: \(directory.file("a.sock")), port: \(port)}"]))
        let wire = try Wire(to: .tcp("127.0.0.1", port))
        #expect(try wire.exchange("GET", "/metrics", ["Host: localhost"]).text.contains("postern_requests_total"))
        #expect(try wire.exchange("GET", "/live", ["Host: localhost"]).status == 200)
        #expect(try wire.exchange("POST", "/reload", ["Host: localhost"]).status == 403)
        #expect(try wire.exchange("GET", "/explain/x", ["Host: localhost"]).status == 403)
        withExtendedLifetime(gateway) {}
    }

    @Test("Whoever answers at the socket commands no terminal of those who ask")
    func escapes() throws {
        let directory = try TemporaryDirectory()
        let (report, refused) = (SocketPlace.unix(directory.file("a")), SocketPlace.unix(directory.file("b")))
        let evil = #"{"succeeded":false,"generation":1,"messages":["one\u001b[2J\ntwo\u009b2J"]}"#
        let first = try BackEnd(at: report) { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 409 Conflict\r\nContent-Length: \(evil.utf8.count)\r\n\r\n\(evil)")
        }
        let second = try BackEnd(at: refused) { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno\u{1B}[2Jmore")
        }
        defer { withExtendedLifetime((first, second)) {} }
        let reload = try Postern.run("reload", "--admin", directory.file("a"))
        #expect(reload.status == 1)
        #expect(reload.output == "one?[2J\ntwo?2J\n")
        let refusal = try Postern.run("reload", "--admin", directory.file("b"))
        #expect(refusal.status == 77)
        #expect(refusal.errors.contains("refuses: no?[2Jmore") && !refusal.errors.contains("\u{1B}"))
    }

    @Test("`postern status` tells version, listeners, APIs and the last reload")
    func status() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        _ = try gateway.get("/dev/x")
        let socket = gateway.directory.file("admin.sock")
        let text = try Postern.run("status", "--admin", socket)
        #expect(text.status == 0)
        #expect(text.output.contains("vpce-mesh"))
        #expect(text.output.contains("shop"))
        let json = try Postern.run("status", "--json", "--admin", socket)
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(report["processID"] as? Int == Int(gateway.pid))
        #expect(report["generation"] as? Int == 1)
        #expect(report["ready"] as? Bool == true)
        #expect(report["requests"] as? Int == 1)
        gateway.child.signal(SIGHUP)
        try eventually("the reload is told") {
            try Postern.run("status", "--admin", socket).output.contains("succeeded")
        }
        #expect(try gateway.stop() == 0)
        #expect(try Postern.run("status", "--admin", socket).status == 69)
    }
}
