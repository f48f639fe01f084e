/// Requests ended since the start, by class of status and by duration: what rates and latencies are made of. A plain value.
package struct TrafficTotals: Sendable, Equatable {
    /// Six classes of status, then the buckets of durations.
    private var words: [Int]

    static let wordCount = RouteWord.classCount + DurationBuckets.count

    package init() { words = Array(repeating: 0, count: Self.wordCount) }

    /// - Parameters:
    ///   - classes: six, `TrafficTotals.classLabels`.
    ///   - durations: as many as `DurationBuckets.count`.
    package init(classes: [Int], durations: [Int]) {
        precondition(classes.count == RouteWord.classCount && durations.count == DurationBuckets.count)
        words = classes + durations
    }

    /// `none` for exchanges that ended without a response, then `1xx` … `5xx`.
    package static var classLabels: [String] { RouteWord.classLabels }

    package var classes: ArraySlice<Int> { words[..<RouteWord.classCount] }
    package var durations: ArraySlice<Int> { words[RouteWord.classCount...] }
    package var requests: Int { classes.reduce(0, &+) }
    /// Answered with 4xx.
    package var clientErrors: Int { words[4] }
    /// Answered with 5xx, or not at all.
    package var serverErrors: Int { words[5] &+ words[0] }

    package mutating func add(_ other: TrafficTotals) {
        for index in words.indices { words[index] &+= other.words[index] }
    }

    /// What has come since an earlier moment. Counters of a route that left the configuration go with it; what they take
    /// from the sum counts as nothing.
    package func since(_ earlier: TrafficTotals) -> TrafficTotals {
        var difference = self
        for index in words.indices { difference.words[index] = max(words[index] &- earlier.words[index], 0) }
        return difference
    }

    /// The duration in nanoseconds that the share `share` of requests did not exceed; nil where there were none.
    package func duration(ofShare share: Double) -> Double? { DurationBuckets.quantile(share, of: durations) }
}

extension DurationBuckets {
    /// Requests of a bucket are taken to lie evenly in it, as PromQL's `histogram_quantile` does; beyond the last bound
    /// the answer is that bound.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: nanoseconds; nil for empty buckets.
    static func quantile(_ share: Double, of buckets: some Collection<Int>) -> Double? {
        let total = buckets.reduce(0, &+)
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var below = 0
        for (index, count) in buckets.enumerated() {
            if count > 0, Double(below + count) >= rank {
                guard index < bounds.count else { break }
                let lower = index == 0 ? 0 : Double(bounds[index - 1])
                return lower + (Double(bounds[index]) - lower) * max(rank - Double(below), 0) / Double(count)
            }
            below += count
        }
        return Double(bounds[bounds.count - 1])
    }
}
