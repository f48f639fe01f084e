import CLinux
import Glibc

/// What the kernel holds of its clock (adjtimex(2)).
package struct ClockState: Sendable, Equatable {
    /// Whether somebody keeps it right; nil where the kernel does not tell.
    package var isSynchronized: Bool?
    /// Of the date, in UTC.
    package var year: Int

    package init(isSynchronized: Bool?, year: Int) {
        self.isSynchronized = isSynchronized
        self.year = year
    }

    package static func now() -> ClockState {
        var (seconds, date) = (time(nil), tm())
        gmtime_r(&seconds, &date)
        var state = timex()
        let result = adjtimex(&state)
        return ClockState(
            isSynchronized: result < 0 ? nil : state.status & STA_UNSYNC == 0, year: 1900 + Int(date.tm_year))
    }
}
