import Foundation
import Testing

@Suite("Descriptors that run out", .enabled(if: Machine.has("prlimit")))
struct DescriptorTests {
    /// Seconds of user and system time of a process.
    private func processorTime(_ pid: pid_t) throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = stat[stat.lastIndex(of: ")")!...].split(separator: " ")
        return (Double(fields[12])! + Double(fields[13])!) / Double(sysconf(CInt(_SC_CLK_TCK)))
    }

    private func limit(_ gateway: Gateway, to count: Int) throws {
        try #require(
            Child.run(["prlimit", "--pid", "\(gateway.pid)", "--nofile=\(count):"]).status == 0)
    }

    private func acceptErrors(_ gateway: Gateway) throws -> [String: Int] {
        let prefix = "postern_accept_errors_total{reason=\""
        let lines = try gateway.admin("/metrics").text.split(separator: "\n").filter { $0.hasPrefix(prefix) }
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let parts = line.dropFirst(prefix.count).split(separator: "\"")
                return (String(parts[0]), Int(parts[1].dropFirst(2)) ?? -1)
            })
    }

    @Test(arguments: [1, 2])
    func `callers wait without costing the processor, the admin socket answers, and all is well afterwards`(
        loops: Int
    ) throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.loops = loops
        let gateway = try Gateway(configuration)
        #expect(try gateway.get("/dev/x").status == 200)
        try limit(gateway, to: gateway.openDescriptors + 60)
        let held = try (0..<300).map { _ in try gateway.connect() }
        try eventually("the reserve is reached") { try acceptErrors(gateway)["reserve"] ?? 0 > 0 }
        let before = try processorTime(gateway.pid)
        sleep(2)
        let spent = try processorTime(gateway.pid) - before
        // A loop that spins takes a whole second of each.
        #expect(spent < 0.5, "\(spent) s of processor in 2 s")
        #expect(try gateway.admin("/live").status == 200)
        #expect(try gateway.admin("/status").status == 200)
        #expect(try gateway.reloadAndWait(gateway.configuration).status == 0)
        try eventually("the operator is told") { gateway.errors.contains("connections cannot be accepted") }
        for wire in held { wire.socket.close() }
        try eventually("callers are served again") { (try? gateway.get("/dev/x").status) == 200 }
        #expect(gateway.errors.components(separatedBy: "connections cannot be accepted").count == 2)
        #expect(try gateway.stop() == 0)
    }

    @Test func `a limit below what is open already makes no loop spin, and its end is noticed`() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        #expect(try gateway.get("/dev/x").status == 200)
        let open = gateway.openDescriptors
        try limit(gateway, to: 5)
        let waiting = try (0..<20).map { _ in try gateway.connect() }
        for wire in waiting { try wire.request("GET", "/dev/x") }
        sleep(1)
        let before = try processorTime(gateway.pid)
        sleep(2)
        let spent = try processorTime(gateway.pid) - before
        #expect(spent < 0.5, "\(spent) s of processor in 2 s")
        try limit(gateway, to: open + 1000)
        // Those who waited in the backlog are served.
        for wire in waiting { #expect(try wire.readResponse().status == 200) }
        #expect(try acceptErrors(gateway)["process_descriptors"] ?? 0 > 0)
    }

    @Test func `without a descriptor for an upstream the answer is 503, and nothing leaks`() throws {
        let back = try BackEnd(answering: { _ in reply("ok") })
        let gateway = try Gateway(["GET /x": "\(back.uri)/x", "GET /here": "{type: MOCK}"])
        let wires = try (0..<8).map { _ in try gateway.connect() }
        // The callers are in; not one more descriptor may be had.
        for wire in wires { #expect(try wire.exchange("GET", "/dev/here").status == 200) }
        let before = gateway.openDescriptors
        try limit(gateway, to: before)
        for wire in wires {
            let answer = try wire.exchange("GET", "/dev/x")
            #expect(answer.status == 503)
            #expect(answer["x-amzn-ErrorType"] == "ServiceUnavailableException")
            #expect(try gateway.record(of: answer)["errorReason"] == "resources_exhausted: too many open files")
        }
        #expect(gateway.openDescriptors <= before)
        try limit(gateway, to: before + 1000)
        for wire in wires { #expect(try wire.exchange("GET", "/dev/x").status == 200) }
    }

    @Test func `connections over the bound are turned away at a pace that leaves the processor to others`() throws {
        let gateway = try Gateway(
            Configuration(["GET /x": "{type: MOCK}"], ["limits: {connections: 4}"]))
        try eventually("nobody is connected") {
            try gateway.admin("/metrics").text.contains("postern_connections_active{endpoint=\"vpce-mesh\"} 0\n")
        }
        let held = try (0..<4).map { _ in try gateway.connect() }
        for wire in held { #expect(try wire.exchange("GET", "/dev/x").status == 200) }
        // Each has its answer, however many come.
        let over = try (0..<200).map { _ in try gateway.connect() }
        for wire in over { #expect(try wire.readResponse().status == 503) }
        for wire in held { #expect(try wire.exchange("GET", "/dev/x").status == 200) }
    }
}
