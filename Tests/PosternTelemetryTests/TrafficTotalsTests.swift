import Testing

@testable import PosternTelemetry

@Suite struct TrafficTotalsTests {
    private func buckets(_ counts: [Int: Int]) -> [Int] { (0..<DurationBuckets.count).map { counts[$0] ?? 0 } }

    @Test func `a loop's totals are those of all its routes, and of requests without one`() {
        let metrics = LoopMetrics(vocabulary: MetricsVocabulary())
        metrics.resize(to: [
            RouteIdentity(api: "a", stage: "s", resourcePath: "/x", verb: "GET"),
            RouteIdentity(api: "a", stage: "s", resourcePath: "/y", verb: "GET"),
        ])
        for (route, status, nanoseconds) in [(0, 200, 400_000), (1, 503, 3_000_000), (nil, 403, 1), (0, 0, 99)]
            as [(
                Int?, Int, Int
            )]
        {
            let slot = metrics.beginRequest(route: route)
            metrics.finishRequest(
                slot: slot, status: status, nanoseconds: nanoseconds, requestBytes: 0, responseBytes: 0,
                integrationNanoseconds: nil)
        }
        let totals = metrics.traffic()
        #expect(totals == TrafficTotals(classes: [1, 0, 1, 0, 1, 1], durations: buckets([0: 3, 3: 1])))
        #expect((totals.requests, totals.clientErrors, totals.serverErrors) == (4, 1, 2))
        let routes = metrics.snapshot().routeTraffic
        #expect(routes.map(\.route.resourcePath).sorted() == ["", "/x", "/y"])
        #expect(routes.first { $0.route.resourcePath == "/x" }?.totals.requests == 2)
    }

    @Test func `a route that took its counters with it takes nothing from what came since`() {
        let earlier = TrafficTotals(classes: [0, 0, 10, 0, 0, 0], durations: buckets([0: 10]))
        let later = TrafficTotals(classes: [0, 0, 4, 0, 3, 0], durations: buckets([0: 4, 1: 3]))
        let since = later.since(earlier)
        #expect(since == TrafficTotals(classes: [0, 0, 0, 0, 3, 0], durations: buckets([1: 3])))
    }

    @Test func `a share lies evenly in its bucket`() {
        let totals = TrafficTotals(classes: [0, 0, 100, 0, 0, 0], durations: buckets([1: 50, 3: 50]))
        #expect(totals.duration(ofShare: 0.25) == 750_000)
        #expect(totals.duration(ofShare: 0.5) == 1_000_000)
        #expect(totals.duration(ofShare: 1) == 5_000_000)
    }

    @Test func `beyond the last bound the bound is told, and of nothing nothing`() {
        let slow = TrafficTotals(classes: [0, 0, 2, 0, 0, 0], durations: buckets([17: 2]))
        #expect(slow.duration(ofShare: 0.5) == 10_000_000_000)
        #expect(TrafficTotals().duration(ofShare: 0.5) == nil)
    }
}
