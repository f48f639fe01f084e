import FoundationEssentials

/// Moments as messages and reports write them.
package enum TimeText {
    /// RFC 3339 in UTC, to the second.
    package static func text(_ epochSecond: Int) -> String {
        Date(timeIntervalSince1970: Double(epochSecond)).formatted(.iso8601)
    }
}
