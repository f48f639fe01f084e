import PosternTelemetry

/// What the last minute was like: rates over its last 1, 10 and 60 seconds, and latencies over all of it.
package struct TrafficReport: Codable, Sendable, Equatable {
    package struct Window: Codable, Sendable, Equatable {
        /// 1, 10 or 60.
        package var seconds: Int
        /// What the rates were really measured over; less where the gateway has not run as long.
        package var measuredSeconds: Double
        package var requestsPerSecond: Double
        /// Answered with 5xx, or not at all.
        package var failuresPerSecond: Double
        /// By class of status, those that there were.
        package var statuses: [String: Int]
    }

    /// Milliseconds from the complete head to the last byte of the response; above 10 s all are 10,000. They come from the
    /// histogram's buckets, so that they are as exact as those are narrow.
    package struct Latency: Codable, Sendable, Equatable {
        package var requests: Int
        package var p50Milliseconds: Double
        package var p90Milliseconds: Double
        package var p99Milliseconds: Double
    }

    /// Empty in the gateway's first second.
    package var windows: [Window] = []
    /// Of the last 60 seconds; nil: no request ended.
    package var latency: Latency?

    package init() {}
}

extension TrafficReport.Window {
    init(seconds: Int, _ period: TrafficPeriod) {
        self.seconds = seconds
        measuredSeconds = period.seconds.rounded(toPlaces: 3)
        requestsPerSecond = period.perSecond(period.traffic.requests)
        failuresPerSecond = period.perSecond(period.traffic.serverErrors)
        statuses = period.traffic.statuses.filter { $0.value > 0 }
    }
}

extension TrafficReport.Latency {
    init?(_ traffic: TrafficTotals) {
        guard let median = traffic.milliseconds(ofShare: 0.5), let most = traffic.milliseconds(ofShare: 0.9),
            let slowest = traffic.milliseconds(ofShare: 0.99)
        else { return nil }
        requests = traffic.requests
        (p50Milliseconds, p90Milliseconds, p99Milliseconds) = (median, most, slowest)
    }
}

extension TrafficTotals {
    /// By class.
    package var statuses: [String: Int] { Dictionary(uniqueKeysWithValues: zip(Self.classLabels, classes)) }

    func milliseconds(ofShare share: Double) -> Double? {
        duration(ofShare: share).map { ($0 / 1e6).rounded(toPlaces: 3) }
    }
}

extension Double {
    /// For reports: digits that mean nothing are left out.
    func rounded(toPlaces places: Int) -> Double {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
