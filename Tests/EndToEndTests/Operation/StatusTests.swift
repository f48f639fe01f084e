import Foundation
import Testing

@Suite("What status and top tell of real traffic")
struct StatusTests {
    /// Answers on one route, a dead upstream on another, a mock, and what the policy denies.
    private func gateway() throws -> Gateway {
        let back = try BackEnd { reply($0.text) }
        let dead = try FreePort.next()
        let policy = Policies.policy(
            Policies.statement("Allow"), Policies.statement("Deny", resource: "execute-api:/*/GET/secret"))
        let gateway = try Gateway(
            Configuration(
                [
                    "GET /order/{id}": "\(back.uri)/x", "GET /dead": "http://127.0.0.1:\(dead)/",
                    "GET /mock": "{type: MOCK}", "GET /secret": "{type: MOCK}",
                ], stages: "{dev: {}, prod: {}}", policy: policy))
        gateway.company = [back]
        for _ in 0..<5 { #expect(try gateway.get("/dev/order/7").status == 200) }
        for _ in 0..<3 { #expect(try gateway.get("/dev/secret").status == 403) }
        for _ in 0..<2 { #expect(try gateway.get("/prod/dead").status == 504) }
        #expect(try gateway.get("/dev/mock").status == 200)
        return gateway
    }

    private struct Report: Decodable {
        struct Listener: Decodable {
            let endpoint: String
            let tls: Bool
            let accepted: Int
        }
        struct API: Decodable {
            struct Stage: Decodable {
                let name: String
                let routes: Int
            }
            let id: String
            let stages: [Stage]
        }
        struct Window: Decodable {
            let seconds: Int
            let requestsPerSecond: Double
            let statuses: [String: Int]
        }
        struct Latency: Decodable {
            let requests: Int
            let p50Milliseconds: Double
            let p99Milliseconds: Double
        }
        struct Traffic: Decodable {
            let windows: [Window]
            let latency: Latency?
        }
        struct Refusal: Decodable, Equatable {
            let reason: String
            let decision: String?
            let count: Int
        }
        struct Upstream: Decodable {
            struct Count: Decodable {
                let kind: String
                let count: Int
            }
            struct Failure: Decodable {
                let kind: String
                let detail: String?
                let secondsAgo: Int
            }
            let target: String
            let requests: Int
            let failures: [Count]
            let lastFailure: Failure?
        }
        struct User: Decodable { let uid: Int }
        struct Reload: Decodable {
            let orderedBy: String
            let at: String
            let succeeded: Bool
        }
        struct Log: Decodable { let droppedRecords: Int }
        struct Privileges: Decodable { let userID: Int }

        let user: User
        let listeners: [Listener]
        let apis: [API]
        let requests: Int
        let refusals: Int
        let statuses: [String: Int]
        let refusedFor: [Refusal]
        let traffic: Traffic
        let upstreams: [Upstream]
        let lastReload: Reload?
        let log: Log?
        let systemLog: Log?
        let privileges: Privileges?
    }

    private func report(_ gateway: Gateway) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(try gateway.admin("/status").text.utf8))
    }

    @Test("The report holds the requests that were made, by status, refusal and upstream")
    func report() throws {
        let gateway = try gateway()
        let report = try report(gateway)
        #expect(report.user.uid == Int(geteuid()))
        #expect(report.privileges?.userID == Int(geteuid()))
        #expect(report.requests == 11)
        #expect(report.statuses["2xx"] == 6 && report.statuses["4xx"] == 3 && report.statuses["5xx"] == 2)
        #expect(report.refusedFor.contains(.init(reason: "ACCESS_DENIED", decision: "explicitDeny", count: 3)))
        #expect(report.listeners.map(\.endpoint) == ["vpce-mesh"])
        #expect(report.listeners[0].accepted >= 11 && !report.listeners[0].tls)
        #expect(report.apis[0].stages.map(\.name) == ["dev", "prod"])
        #expect(report.apis[0].stages.map(\.routes) == [4, 4])
        let good = try #require(report.upstreams.first { $0.failures.isEmpty })
        #expect(good.requests == 5 && good.lastFailure == nil)
        let bad = try #require(report.upstreams.first { !$0.failures.isEmpty })
        #expect(bad.failures.map(\.kind) == ["connect"] && bad.failures[0].count == 2)
        #expect(bad.lastFailure?.detail == "connection refused")
        #expect(report.lastReload == nil)
        #expect(report.log?.droppedRecords == 0)
        #expect(report.systemLog?.droppedRecords == 0)
    }

    @Test("Rates and latencies follow within seconds")
    func rates() throws {
        let gateway = try gateway()
        try eventually("a minute's window holds all") {
            try report(gateway).traffic.windows.last?.statuses.values.reduce(0, +) == 11
        }
        let traffic = try report(gateway).traffic
        #expect(traffic.windows.map(\.seconds) == [1, 10, 60])
        #expect(traffic.windows[2].requestsPerSecond > 0)
        let latency = try #require(traffic.latency)
        #expect(latency.requests == 11)
        #expect(latency.p50Milliseconds > 0 && latency.p50Milliseconds <= latency.p99Milliseconds)
    }

    @Test("A reload shows with its time and outcome")
    func reload() throws {
        let gateway = try gateway()
        _ = try Postern.run("reload", "--admin", gateway.directory.file("admin.sock"))
        let reload = try #require(try report(gateway).lastReload)
        #expect(reload.succeeded)
        #expect(reload.orderedBy == (getuid() == 0 ? "root" : NSUserName()))
        kill(gateway.pid, SIGHUP)
        try eventually("a reload by SIGHUP") { try self.report(gateway).lastReload?.orderedBy == "SIGHUP" }
        #expect(reload.at.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil, "\(reload.at)")
    }

    @Test("People read the same")
    func text() throws {
        let gateway = try gateway()
        let status = try Postern.run("status", "--admin", gateway.directory.file("admin.sock"))
        #expect(status.status == 0)
        for text in [
            "requests       11 ended, 5 of them refused here: 6 2xx, 3 4xx, 2 5xx", "3 ACCESS_DENIED (explicitDeny)",
            "api            shop: dev (4 routes), prod (4 routes)", "failed 2 connect; last", "connection refused",
        ] { #expect(status.output.contains(text), "\(text) in \(status)") }
    }

    @Test("top lists routes by template with their rates, and prints where there is no terminal")
    func top() throws {
        let gateway = try gateway()
        let socket = gateway.directory.file("admin.sock")
        let (flag, place) = (Flag(), gateway.place())
        inBackground {
            while !flag.isRaised { _ = try? Wire(to: place).exchange("GET", "/dev/order/7") }
        }
        defer { flag.raise() }
        let top = try Postern.run("top", "--once", "--admin", socket)
        #expect(top.status == 0)
        let row = top.output.split(separator: "\n").first { $0.hasPrefix("shop/dev GET /order/{id} ") }
        #expect(row?.split(separator: " ").dropFirst(3).first.flatMap { Double($0) } ?? 0 > 0, "\(top)")
        #expect(top.output.contains("connection refused") && !top.output.contains("\u{1B}"))
        let twice = try Postern.run("top", "--count", "2", "--interval", "0.2", "--admin", socket)
        #expect(twice.output.components(separatedBy: "ROUTE ").count == 3, "\(twice)")
        #expect(try gateway.stop() == 0)
        #expect(try Postern.run("top", "--once", "--admin", socket).status == 69)
    }
}
