/// The value of the `Date` field: IMF-fixdate (RFC 9110 section 5.6.7), `Sun, 06 Nov 1994 08:49:37 GMT`, 29 bytes.
///
/// One per event loop, not thread safe; the bytes are rewritten only when the second changes.
package final class HTTPDate {
    /// Bytes in a date, always.
    package static let count = 29

    private let text: UnsafeMutableRawPointer
    private var second = Int.min

    package init() {
        text = .allocate(byteCount: Self.count, alignment: 8)
    }

    deinit { text.deallocate() }

    /// The date for a second since 1970. The pointer stays valid as long as this object; its bytes until the next call.
    package func bytes(epochSecond: Int) -> UnsafeRawBufferPointer {
        if epochSecond != second { renew(epochSecond) }
        return UnsafeRawBufferPointer(start: text, count: Self.count)
    }

    /// The same for a wall-clock time in nanoseconds, as `SystemTime.wallNanoseconds()` gives it.
    package func bytes(epochNanoseconds: Int) -> UnsafeRawBufferPointer {
        bytes(epochSecond: epochNanoseconds / 1_000_000_000)
    }

    private func renew(_ epochSecond: Int) {
        second = epochSecond
        let time = CivilTime(epochSecond: epochSecond)
        put("Sun, 00 Jan 0000 00:00:00 GMT", 0)
        put(Self.weekday(time.weekday), 0)
        DecimalDigits.writePadded(time.day, width: 2, to: text + 5)
        put(Self.month(time.month), 8)
        DecimalDigits.writePadded(time.year, width: 4, to: text + 12)
        DecimalDigits.writePadded(time.hour, width: 2, to: text + 17)
        DecimalDigits.writePadded(time.minute, width: 2, to: text + 20)
        DecimalDigits.writePadded(time.second, width: 2, to: text + 23)
    }

    private func put(_ part: StaticString, _ offset: Int) {
        (text + offset).copyMemory(from: part.utf8Start, byteCount: part.utf8CodeUnitCount)
    }

    private static func weekday(_ day: Int) -> StaticString {
        switch day {
        case 0: "Sun"
        case 1: "Mon"
        case 2: "Tue"
        case 3: "Wed"
        case 4: "Thu"
        case 5: "Fri"
        default: "Sat"
        }
    }

    private static func month(_ month: Int) -> StaticString {
        switch month {
        case 1: "Jan"
        case 2: "Feb"
        case 3: "Mar"
        case 4: "Apr"
        case 5: "May"
        case 6: "Jun"
        case 7: "Jul"
        case 8: "Aug"
        case 9: "Sep"
        case 10: "Oct"
        case 11: "Nov"
        default: "Dec"
        }
    }
}
