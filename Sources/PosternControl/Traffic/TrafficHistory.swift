import PosternTelemetry

/// Requests that ended in a stretch of time.
struct TrafficPeriod: Sendable, Equatable {
    var seconds: Double
    var traffic: TrafficTotals

    func perSecond(_ count: Int) -> Double {
        seconds > 0 ? (Double(count) / seconds).rounded(toPlaces: 2) : 0
    }
}

/// Totals of the last minute, one sample a second: what rates are worked out from. A plain value of fixed size.
struct TrafficHistory: Sendable {
    /// One more than the seconds of the longest window, for a window lies between two samples.
    private static let most = 61
    /// Newest last.
    private var samples: [(nanoseconds: Int, totals: TrafficTotals)] = []

    /// - Parameter nanoseconds: monotonic, later than those before.
    mutating func add(_ totals: TrafficTotals, at nanoseconds: Int) {
        if samples.count == Self.most { samples.removeFirst() }
        samples.append((nanoseconds, totals))
    }

    /// The last so many seconds: since the newest sample that is that old, or the oldest there is.
    /// - Returns: nil before the second sample.
    func period(seconds: Int) -> TrafficPeriod? {
        guard let last = samples.last, samples.count > 1 else { return nil }
        // Samples come a little late at times; half a second of it must not make two of one.
        let wanted = last.nanoseconds - seconds * 1_000_000_000 + 500_000_000
        let first = samples.dropLast().last { $0.nanoseconds <= wanted } ?? samples[0]
        return TrafficPeriod(
            seconds: Double(last.nanoseconds - first.nanoseconds) / 1e9, traffic: last.totals.since(first.totals))
    }

    var report: TrafficReport {
        var report = TrafficReport()
        report.windows = [1, 10, 60].compactMap { seconds in
            period(seconds: seconds).map { TrafficReport.Window(seconds: seconds, $0) }
        }
        report.latency = period(seconds: 60).flatMap { TrafficReport.Latency($0.traffic) }
        return report
    }
}
