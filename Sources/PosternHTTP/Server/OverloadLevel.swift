/// How much of its work the gateway sheds for want of memory. Each level does what the ones before it do.
package enum OverloadLevel: Int, Sendable, Comparable, CaseIterable {
    case normal
    /// Idle connections are kept for a tenth of their time, idle ones to upstreams not at all.
    case shrinkTimers
    /// No connection is kept behind its answer.
    case stopKeepAlive
    /// New requests are refused.
    case refuse

    package static func < (one: OverloadLevel, other: OverloadLevel) -> Bool { one.rawValue < other.rawValue }

    /// In logs and metrics.
    package var name: String {
        switch self {
        case .normal: "normal"
        case .shrinkTimers: "shrink_timers"
        case .stopKeepAlive: "stop_keep_alive"
        case .refuse: "refuse"
        }
    }
}

/// Decides the level from how full memory is. A plain value that somebody feeds at a steady pace.
///
/// Up it goes at once, as many levels as it takes. Down it goes by one level at a time, when the reading has been
/// `hysteresis` below the level's threshold for `calmReadings` in a row: what shedding has freed must not bring everything
/// back in the same moment.
package struct OverloadGovernor: Sendable {
    /// Points of percent.
    package static let hysteresis = 3.0
    package static let calmReadings = 4

    /// Percent from which on each level but the first holds; ascending.
    private let thresholds: [Double]
    package private(set) var level = OverloadLevel.normal
    private var calm = 0

    package init(shrinkTimers: Int, stopKeepAlive: Int, refuse: Int, at level: OverloadLevel = .normal) {
        self.level = level
        precondition(shrinkTimers < stopKeepAlive && stopKeepAlive < refuse, "thresholds ascend")
        thresholds = [shrinkTimers, stopKeepAlive, refuse].map(Double.init)
    }

    /// - Parameter percent: of the limit; nil where there is none (any more).
    /// - Returns: whether the level is another one now.
    package mutating func observe(_ percent: Double?) -> Bool {
        let percent = percent ?? 0
        let reached = OverloadLevel(rawValue: thresholds.count { percent >= $0 })!
        if reached > level {
            level = reached
            calm = 0
            return true
        }
        guard level > .normal, percent < thresholds[level.rawValue - 1] - Self.hysteresis else {
            calm = 0
            return false
        }
        calm += 1
        guard calm >= Self.calmReadings else { return false }
        calm = 0
        level = OverloadLevel(rawValue: level.rawValue - 1)!
        return true
    }
}
