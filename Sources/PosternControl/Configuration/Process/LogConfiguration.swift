package enum AccessLogConfiguration: Sendable, Hashable {
    case standardOutput, standardError, off
    /// journald, by its native protocol.
    case journal
    /// An absolute path, opened for appending.
    case file(String)
}

/// Where goes what the operator should know, apart from the traffic.
package struct SystemLogConfiguration: Sendable, Hashable {
    package enum Place: Sendable, Hashable {
        case standardError, standardOutput, journal
        /// An absolute path, opened for appending.
        case file(String)
    }

    package enum Format: String, Sendable, CaseIterable { case text, json }

    /// The least that is told.
    package enum Level: String, Sendable, CaseIterable { case debug, info, notice, warning, error }

    package var place = Place.standardError
    /// Of lines; entries of the journal have fields.
    package var format = Format.text
    package var level = Level.notice

    package init() {}
}
