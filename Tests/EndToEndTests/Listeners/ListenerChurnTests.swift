import Synchronization
import Testing

@Suite("Listeners that come and go while connections keep coming")
struct ListenerChurnTests {
    /// Calls of one kind, made by threads of their own until the test has had enough.
    private final class Callers: Sendable {
        private struct Count {
            var running: Int
            var answered = 0
            var failed: [String] = []
        }

        private let count: Mutex<Count>
        private let enough = Flag()

        init(_ number: Int, to place: SocketPlace) {
            count = Mutex(Count(running: number))
            for _ in 0..<number {
                inBackground { [self] in
                    while !enough.isRaised { call(place) }
                    count.withLock { $0.running -= 1 }
                }
            }
        }

        private func call(_ place: SocketPlace) {
            do {
                let response = try Wire(to: place).exchange("GET", "/dev/x", ["Connection: close"])
                count.withLock { response.status == 200 ? $0.answered += 1 : $0.failed.append(response.startLine) }
            } catch {
                count.withLock { $0.failed.append("\(error)") }
            }
        }

        var answered: Int { count.withLock { $0.answered } }
        var failed: [String] { count.withLock { $0.failed } }

        func end() { enough.raise() }

        func waitForEnd() throws {
            try eventually("the callers have ended", within: 60) { count.withLock { $0.running } == 0 }
        }
    }

    private func activeConnections(_ gateway: Gateway) throws -> [String] {
        try gateway.admin("/metrics").text.split(separator: "\n")
            .filter { $0.hasPrefix("postern_connections_active{") }
            .compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    @Test("Every reload succeeds, the listener that stays answers every call, and no connection is counted for ever")
    func churn() throws {
        let all = try (0..<12).map { try Listener("vpce-l\($0)", options: "defaultApi: shop") }
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.loops = 2
        configuration.listeners = all
        configuration.accessLog = "off"
        let gateway = try Gateway(configuration)
        // The last one stays: its place among the listeners is another after each reload.
        let staying = Callers(4, to: all[11].place)
        let leaving = Callers(2, to: all[0].place)
        defer { for callers in [staying, leaving] { callers.end() } }
        for round in 0..<30 {
            configuration.listeners = round.isMultiple(of: 2) ? [all[11]] : all
            let reload = try gateway.reloadAndWait(configuration)
            try #require(gateway.child.status == nil, "ended in round \(round): \(gateway.errors)")
            #expect(reload.status == 0, "\(reload)")
        }
        for callers in [staying, leaving] { callers.end() }
        for callers in [staying, leaving] { try callers.waitForEnd() }
        #expect(staying.answered > 0)
        #expect(staying.failed.isEmpty)
        #expect(leaving.answered > 0)
        try eventually("no connection is counted") {
            try activeConnections(gateway) == [String](repeating: "0", count: 12)
        }
        #expect(try gateway.stop() == 0)
    }
}
