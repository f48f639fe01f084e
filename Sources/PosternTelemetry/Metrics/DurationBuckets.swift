/// The fixed bounds of every duration histogram: OpenTelemetry's for HTTP durations, with three more below 5 ms,
/// because a gateway between neighbours answers in fractions of a millisecond.
package enum DurationBuckets {
    /// Inclusive upper bounds in nanoseconds; what is above the last falls into one more bucket.
    package static let bounds = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 75_000_000, 100_000_000,
        250_000_000, 500_000_000, 750_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 7_500_000_000,
        10_000_000_000,
    ]

    /// The same in seconds, as the label `le` shows them.
    package static let labels = [
        "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1",
        "2.5",
        "5", "7.5", "10", "+Inf",
    ]

    /// Buckets, the one above the last bound included.
    package static let count = 18

    /// The bucket of a duration. Comparisons with constants instead of a search in `bounds`: most requests take one
    /// or two.
    @inline(__always)
    static func index(of nanoseconds: Int) -> Int {
        switch nanoseconds {
        case ...500_000: 0
        case ...1_000_000: 1
        case ...2_500_000: 2
        case ...5_000_000: 3
        case ...10_000_000: 4
        case ...25_000_000: 5
        case ...50_000_000: 6
        case ...75_000_000: 7
        case ...100_000_000: 8
        case ...250_000_000: 9
        case ...500_000_000: 10
        case ...750_000_000: 11
        case ...1_000_000_000: 12
        case ...2_500_000_000: 13
        case ...5_000_000_000: 14
        case ...7_500_000_000: 15
        case ...10_000_000_000: 16
        default: 17
        }
    }
}
