import Testing

@testable import PosternControl

@Suite struct TopScreenTests {
    private static func route(_ path: String, rate: Double, p99: Double?, errors: Double = 0) -> TopReport.Route {
        TopReport.Route(
            api: "shop", stage: "dev", verb: "GET", resourcePath: path, requestsPerSecond: rate, p50Milliseconds: p99,
            p99Milliseconds: p99, clientErrorShare: 0, serverErrorShare: errors, requests: 1)
    }

    private static func upstream(_ target: String, failedAgo: Int? = nil, detail: String? = nil) -> UpstreamReport {
        UpstreamReport(
            target: target, tls: false, active: 1, idle: 2, requests: 3,
            failures: failedAgo.map { _ in [.init(kind: "connect", count: 4)] } ?? [],
            lastFailure: failedAgo.map { .init(kind: "connect", detail: detail, at: "then", secondsAgo: $0) })
    }

    private static func screen(routes: Int = 2, upstreams: [UpstreamReport] = []) -> TopScreen {
        var status = StatusReport(
            version: "0.1.0", processID: 7, user: .init(uid: 5, gid: 5, name: "postern"), generation: 2,
            configuration: "", ready: true, uptimeSeconds: 61)
        status.upstreams = upstreams
        let busiest = [
            route("/order/{id}", rate: 20, p99: 1), route("/dead", rate: 10, p99: 99, errors: 0.5),
        ]
        let more = (0..<max(routes - 2, 0)).map { route("/more/\($0)", rate: 1, p99: nil) }
        return TopScreen(
            status: status, top: TopReport(seconds: 10, routes: Array((busiest + more).prefix(routes)), omitted: 0))
    }

    private static func routes(_ screen: TopScreen) -> [String] {
        screen.lines(width: 100, height: nil).map(\.text).filter { $0.hasPrefix("shop/") }.map {
            String($0.split(separator: " ")[2])
        }
    }

    @Test func `a screen has as many lines as the window, none wider`() {
        let upstreams = (0..<30).map { Self.upstream("10.0.0.\($0):80") }
        for (width, height) in [(80, 24), (20, 5), (200, 60), (1, 1)] {
            let lines = Self.screen(routes: 100, upstreams: upstreams).lines(width: width, height: height)
            #expect(lines.count == height)
            #expect(lines.allSatisfy { $0.text.count <= width })
            #expect(lines.last?.style == .heading)
        }
    }

    @Test func `upstreams have a third where routes would take all`() {
        let upstreams = (0..<30).map { Self.upstream("10.0.0.\($0):80") }
        let lines = Self.screen(routes: 100, upstreams: upstreams).lines(width: 100, height: 38).map(\.text)
        #expect(lines.count { $0.hasPrefix("10.0.0.") } == 10)
        #expect(lines.count { $0.hasPrefix("shop/") } == 20)
    }

    @Test func `the keys sort`() {
        var screen = Self.screen()
        #expect(Self.routes(screen) == ["/order/{id}", "/dead"])
        screen.sortNext()
        #expect(screen.order == .p99)
        #expect(Self.routes(screen) == ["/dead", "/order/{id}"])
        screen.sortNext()
        #expect(Self.routes(screen) == ["/dead", "/order/{id}"])
        screen.sortNext()
        #expect(screen.order == .name)
        #expect(Self.routes(screen) == ["/dead", "/order/{id}"])
        screen.sortNext()
        #expect(screen.order == .rate)
    }

    @Test func `failing routes and upstreams stand out, failing upstreams come first`() {
        let screen = Self.screen(upstreams: [
            Self.upstream("good"), Self.upstream("old", failedAgo: 600), Self.upstream("bad", failedAgo: 3),
        ])
        let lines = screen.lines(width: 120, height: nil)
        #expect(lines.first { $0.text.contains("/dead") }?.style == .alarm)
        #expect(lines.first { $0.text.contains("/order") }?.style == .plain)
        #expect(lines.suffix(3).map { $0.text.prefix(4) } == ["bad ", "old ", "good"])
        #expect(lines.suffix(3).map(\.style) == [.alarm, .plain, .plain])
    }

    @Test func `a gateway that is gone, a failed reload and lost records are said`() {
        var screen = Self.screen()
        screen.trouble = "no gateway answers"
        screen.status.lastReload = .init(
            at: "then", orderedBy: "SIGHUP",
            ReloadReport(succeeded: false, generation: 1, messages: ["p.yaml:1:1: error"]))
        screen.status.log = .init(writtenBytes: 1, droppedRecords: 2, errors: 0, lastError: nil)
        let alarms = screen.lines(width: 100, height: 40).filter { $0.style == .alarm }.map(\.text)
        #expect(
            alarms.prefix(3) == [
                "no gateway answers", "the reload of then failed: p.yaml:1:1: error",
                "2 records of the access log dropped",
            ])
    }

    @Test func `what an upstream said cannot move the cursor`() {
        let screen = Self.screen(upstreams: [Self.upstream("evil", failedAgo: 1, detail: "\u{1B}[2J\u{9B}1m\r\nx")])
        let last = screen.lines(width: 160, height: nil).last?.text
        #expect(last?.hasSuffix("connect, ?[2J?1m??x") == true)
    }
}

@Suite struct ReportTextTests {
    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (62, "1 min 2 s"), (3_600, "1 h"), (3_605, "1 h"),
        (7_260, "2 h 1 min"),
        (100_000, "1 d 3 h"),
    ])
    func `times have two units`(seconds: Int, text: String) { #expect(ReportText.time(seconds) == text) }

    @Test func `numbers have as many places as are asked for`() {
        #expect(ReportText.decimal(0.04, 1) == "0.0")
        #expect(ReportText.decimal(0.05, 1) == "0.1")
        #expect(ReportText.decimal(12.345, 2) == "12.35")
        #expect(ReportText.decimal(3, 0) == "3")
        #expect(ReportText.milliseconds(0.304) == "0.30")
        #expect(ReportText.milliseconds(1234.5) == "1235")
    }

    @Test func `a window that measured what another did is not said twice`() {
        var report = TrafficReport()
        report.windows = [1, 10, 60].map {
            .init(
                seconds: $0, measuredSeconds: $0 == 1 ? 1 : 4.9, requestsPerSecond: 2, failuresPerSecond: 0,
                statuses: [:])
        }
        #expect(ReportText.rates(report) == "2.0/s over 1 s, 2.0/s over 5 s, 0.0/s failing")
    }
}
