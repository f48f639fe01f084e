import Glibc

/// Tells when a log begins to lose records or to fail and when that is over, from what its writer counts: one message at
/// the beginning, one at the end with how many were lost. A plain value that somebody feeds every second or so.
package struct LogHealth {
    package enum Change: Equatable, Sendable {
        /// - code: `errno` of what stands in the way; 0: the reader is too slow.
        case began(code: Int32)
        case ended(lostRecords: Int)
    }

    /// Looks without anything lost after which a slow reader counts as caught up.
    private static let quietLooks = 5

    private var known = LogStatistics()
    /// Records dropped before the trouble began; nil while all is well.
    private var droppedBefore: Int?
    private var quiet = 0

    package init() {}

    package mutating func observe(_ now: LogStatistics) -> Change? {
        defer { known = now }
        let isLosing = now.droppedRecords > known.droppedRecords
        guard let before = droppedBefore else {
            guard isLosing || now.standingError != 0 else { return nil }
            droppedBefore = known.droppedRecords
            quiet = 0
            return .began(code: now.standingError)
        }
        quiet = isLosing || now.standingError != 0 ? 0 : quiet + 1
        guard quiet >= Self.quietLooks else { return nil }
        droppedBefore = nil
        return .ended(lostRecords: now.droppedRecords - before)
    }

    /// The words of the system for an error number.
    package static func text(of code: Int32) -> String {
        code == 0 ? "its reader is too slow" : String(cString: strerror(code))
    }
}
