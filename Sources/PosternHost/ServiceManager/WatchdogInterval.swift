import Glibc

/// How often the service manager wants a sign of life (sd_watchdog_enabled(3)).
package enum WatchdogInterval {
    /// nil where no sign of life is wanted, or one of another process (`WATCHDOG_PID`).
    package static func ofProcess() -> Duration? {
        func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        return interval(microseconds: value("WATCHDOG_USEC"), of: value("WATCHDOG_PID"), processID: getpid())
    }

    /// - Parameters:
    ///   - microseconds: `WATCHDOG_USEC`: without a sign of life for so long, the service is ended.
    ///   - process: `WATCHDOG_PID`; nil: any.
    static func interval(microseconds: String?, of process: String?, processID: pid_t) -> Duration? {
        if let process, process != String(processID) { return nil }
        guard let count = microseconds.flatMap({ Int64($0) }), count > 0 else { return nil }
        return .microseconds(count)
    }
}
