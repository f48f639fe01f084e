import PosternTelemetry
import Synchronization
import Testing

@testable import PosternControl

private func totals(_ good: Int, bad: Int = 0, bucket: Int = 0) -> TrafficTotals {
    var durations = [Int](repeating: 0, count: DurationBuckets.count)
    durations[bucket] = good + bad
    return TrafficTotals(classes: [0, 0, good, 0, 0, bad], durations: durations)
}

@Suite struct TrafficHistoryTests {
    /// So many requests in each second, one of ten failed.
    private func history(seconds: Int, late: Int = 0) -> TrafficHistory {
        var history = TrafficHistory()
        for second in 0...seconds {
            history.add(totals(second * 9, bad: second), at: (second * 1_000 + second % 2 * late) * 1_000_000)
        }
        return history
    }

    @Test func `there is no rate before there are two samples`() {
        #expect(history(seconds: 0).report == TrafficReport())
    }

    @Test func `rates are those of the last second, ten and sixty`() {
        let report = history(seconds: 100).report
        #expect(report.windows.map(\.seconds) == [1, 10, 60])
        #expect(report.windows.map(\.measuredSeconds) == [1, 10, 60])
        #expect(report.windows.map(\.requestsPerSecond) == [10, 10, 10])
        #expect(report.windows.map(\.failuresPerSecond) == [1, 1, 1])
        #expect(report.windows[2].statuses == ["2xx": 540, "5xx": 60])
        #expect(report.latency?.requests == 600)
    }

    @Test func `a gateway that is younger than the window says what was measured`() {
        let report = history(seconds: 5).report
        #expect(report.windows.map(\.measuredSeconds) == [1, 5, 5])
        #expect(report.windows.map(\.requestsPerSecond) == [10, 10, 10])
    }

    @Test func `a sample that comes late does not make two seconds of one`() {
        #expect(history(seconds: 21, late: 300).report.windows[0].measuredSeconds == 1.3)
    }

    @Test func `what ended is over`() {
        var history = history(seconds: 10)
        for second in 11...80 { history.add(totals(90, bad: 10), at: second * 1_000_000_000) }
        #expect(history.report.windows.map(\.requestsPerSecond) == [0, 0, 0])
        #expect(history.report.latency == nil)
    }
}

@Suite struct RouteHistoryTests {
    private let busy = RouteIdentity(api: "shop", stage: "dev", resourcePath: "/order/{id}", verb: "GET")
    private let idle = RouteIdentity(api: "shop", stage: "dev", resourcePath: "/a", verb: "GET")

    @Test func `routes stand by their rate, and a new one counts from nothing`() {
        var history = RouteHistory()
        history.add([(idle, totals(50))], at: 0)
        history.add(
            [(idle, totals(50)), (busy, totals(15, bad: 5, bucket: 2)), (.unrouted, totals(4))], at: 2_000_000_000)
        let report = history.report()
        #expect(report.seconds == 2)
        #expect(report.routes.map(\.name) == ["shop/dev GET /order/{id}", "(no route)", "shop/dev GET /a"])
        #expect(report.routes.map(\.requestsPerSecond) == [10, 2, 0])
        #expect(report.routes[0].serverErrorShare == 0.25)
        #expect(report.routes[0].p50Milliseconds == 1.75)
        #expect(report.routes[2].p50Milliseconds == nil)
        #expect(report.routes[2].requests == 50)
    }

    @Test func `what is not listed is counted`() {
        var history = RouteHistory()
        for second in 0...1 { history.add([(idle, totals(1)), (busy, totals(second))], at: second * 1_000_000_000) }
        let report = history.report(most: 1)
        #expect(report.routes.map(\.name) == ["shop/dev GET /order/{id}"])
        #expect(report.omitted == 1)
    }

    @Test func `it reaches back ten seconds`() {
        var history = RouteHistory()
        for second in 0...40 { history.add([(busy, totals(second))], at: second * 1_000_000_000) }
        #expect(history.report().seconds == 10)
        #expect(!history.isCurrent(at: 41_000_000_000))
        #expect(history.isCurrent(at: 40_100_000_000))
    }

    @Test func `the first look waits for a second sample, and later ones do not sample twice in a second`() async {
        let samples = Samples()
        // A second goes by with each sample, and none besides.
        let clock = Atomic(0)
        let monitor = TrafficMonitor(
            totals: { nil },
            routes: {
                clock.add(1_000_000_000, ordering: .relaxed)
                return await samples.next()
            }, now: { clock.load(ordering: .relaxed) })
        #expect(await monitor.top().routes.count == 1)
        #expect(await samples.count == 2)
        #expect(await monitor.top().routes.count == 1)
        #expect(await samples.count == 2)
    }

    private actor Samples {
        private(set) var count = 0

        func next() -> TrafficMonitor.Routes {
            count += 1
            return [(RouteIdentity(api: "a", stage: "s", resourcePath: "/", verb: "GET"), totals(count))]
        }
    }
}
