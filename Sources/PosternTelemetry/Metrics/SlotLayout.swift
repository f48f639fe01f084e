/// The words of one route's slot. What every request touches comes first, to share cache lines.
enum RouteWord {
    /// Requests begun and not finished; keeps a slot whose route is gone from being reused.
    static let inFlight = 0
    /// Six: no response, 1xx … 5xx.
    static let classes = 1
    static let classCount = 6
    static let durationSum = 7
    static let integrationSum = 8
    static let requestBytes = 9
    static let responseBytes = 10
    static let durationBuckets = 11
    static let integrationBuckets = durationBuckets + DurationBuckets.count
    static let count = integrationBuckets + DurationBuckets.count

    static let classLabels = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]

    @inline(__always)
    static func classIndex(of status: Int) -> Int {
        switch status {
        case 200..<300: 2
        case 400..<500: 4
        case 500..<600: 5
        case 300..<400: 3
        case 100..<200: 1
        default: 0
        }
    }
}

/// The words of one API's slot: what statements in shadow mode would have changed, by kind of policy.
enum ShadowWord {
    /// Kinds of policies that there is room for. Word 0 says that no request in progress refers to the slot.
    static let policies = 3
    static let count = 1 + policies * 2

    @inline(__always)
    static func word(policy: Int, admits: Bool) -> Int { 1 &+ policy &* 2 &+ (admits ? 1 : 0) }
}

/// The words of one listener's slot.
enum ListenerWord {
    /// Connections open.
    static let inFlight = 0
    static let accepted = 1
    static let refused = 2
    /// Closed because their caller's certificate had become invalid.
    static let expelled = 3
    static let count = 4
}
