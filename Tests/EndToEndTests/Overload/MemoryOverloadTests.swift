import Foundation
import Testing

@Suite("Memory that runs out", .enabled(if: MemoryGroup.isAvailable), .serialized)
struct MemoryOverloadTests {
    private func start() throws -> (MemoryGroup, Gateway, BackEnd) {
        let group = try #require(MemoryGroup())
        let back = try BackEnd(answering: { _ in reply("ok") })
        // Thresholds far apart: usage moves by some percent on its own.
        let gateway = try Gateway(
            Configuration(
                ["GET /x": "\(back.uri)/x"], ["overload: {shrinkTimers: 40, stopKeepAlive: 60, refuse: 80}"]),
            launcher: group.launcher)
        try gateway.waitUntilListening()
        return (group, gateway, back)
    }

    private func level(_ gateway: Gateway) throws -> Int {
        let lines = try gateway.admin("/metrics").text.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("postern_overload_level ") })
        return try #require(Int(line.split(separator: " ")[1]))
    }

    private func enter(_ wanted: Int, at percent: Double, _ group: MemoryGroup, _ gateway: Gateway) throws {
        try eventually("level \(wanted)") {
            try group.fill(to: percent)
            for _ in 0..<10 {
                if try level(gateway) == wanted { return true }
                usleep(100_000)
            }
            return false
        }
    }

    @Test func `levels are entered and left again, each with what it sheds`() throws {
        let (group, gateway, back) = try start()
        let wire = try gateway.connect()
        #expect(try wire.exchange("GET", "/dev/x")["Connection"] == "keep-alive")

        try enter(1, at: 50, group, gateway)
        #expect(try wire.exchange("GET", "/dev/x")["Connection"] == "keep-alive")
        try eventually("idle connections to upstreams are closed") { back.open == 0 }

        try enter(2, at: 70, group, gateway)
        // Kept for nothing: closed without a request.
        #expect(try wire.readToEnd().isEmpty)
        #expect(try gateway.get("/dev/x")["Connection"] == "close")
        #expect(try gateway.get("/dev/x").status == 200)

        try enter(3, at: 90, group, gateway)
        let refused = try gateway.get("/dev/x")
        #expect(refused.status == 503)
        #expect(refused["x-amzn-ErrorType"] == "ServiceUnavailableException")
        #expect(refused.text == #"{"message":"Service Unavailable"}"#)
        #expect((1...4).contains(Int(refused["Retry-After"] ?? "") ?? 0))
        let record = try gateway.record(of: refused)
        #expect(record["errorReason"] == "overload_memory")
        #expect(record["errorResponseType"] == "SERVICE_UNAVAILABLE")
        let metrics = try gateway.admin("/metrics").text
        #expect(metrics.contains("postern_overload_refusals_total 1\n"))
        #expect(metrics.contains("postern_memory_limit_bytes "))
        #expect(metrics.contains("postern_memory_usage_bytes "))
        #expect(try gateway.admin("/ready").status == 200)

        try enter(0, at: 10, group, gateway)
        let again = try gateway.connect()
        #expect(try again.exchange("GET", "/dev/x")["Connection"] == "keep-alive")
        #expect(try again.exchange("GET", "/dev/x").status == 200)
        #expect(gateway.errors.contains("memory is short"))
        #expect(gateway.errors.contains("level=refuse"))
        #expect(gateway.errors.contains("level=normal"))
        #expect(try gateway.stop() == 0)
    }

    @Test func `a limit of the configuration works without a control group, and a reload takes it away`() throws {
        // Less than any process of ours has.
        let gateway = try Gateway(
            Configuration(["GET /x": "{type: MOCK}"], ["overload: {memory: 16MiB}"]))
        try eventually("requests are refused") { try gateway.get("/dev/x").status == 503 }
        #expect(
            try gateway.reloadAndWait(Configuration(["GET /x": "{type: MOCK}"], gateway.configuration, [])).status == 0)
        try eventually("requests are served") { try gateway.get("/dev/x").status == 200 }
    }
}

extension Configuration {
    /// Other lines, at the listeners of a configuration that is served.
    fileprivate init(_ routes: [String: String], _ served: Configuration, _ process: [String]) throws {
        try self.init(listeners: served.listeners, process)
        add(API("shop", routes))
    }
}
