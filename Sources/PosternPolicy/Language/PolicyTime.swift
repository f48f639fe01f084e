#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A point in time as policies compare it: seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
package struct PolicyTime: Sendable, Hashable, Comparable {
    package var seconds: Int64
    /// 0 to 999,999,999.
    package var nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The machine's clock. No allocation, and no system call where the kernel offers a vDSO.
    package static var now: PolicyTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return PolicyTime(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }

    package static func < (left: PolicyTime, right: PolicyTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    func order(_ other: PolicyTime) -> Int { self < other ? -1 : self == other ? 0 : 1 }
}

extension PolicyTime {
    /// Reads a date of a policy: the W3C profile of ISO 8601 (`2026`, `2026-11`, `2026-11-22`, `2026-11-22T10:00Z`, with
    /// seconds and up to nine decimals, `Z` or an offset), or seconds since 1970. Four digits are a year.
    ///
    /// - Returns: nil for anything else, days that a month does not have included.
    package init?(_ text: String) {
        var text = text
        guard let time = text.withUTF8({ PolicyTime(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = time
    }

    init?(utf8 bytes: UnsafeRawBufferPointer) {
        var reader = DateReader(bytes: bytes)
        guard let time = reader.epoch() ?? reader.date() else { return nil }
        self = time
    }

    /// `2026-11-22T10:00:00Z`, with nanoseconds where there are some.
    package var description: String {
        let rest = secondsOfDay
        let (year, month, day) = PolicyTime.civil(daysSince1970)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let nanos = String(nanoseconds)
        let fraction = nanoseconds == 0 ? "" : "." + String(repeating: "0", count: 9 - nanos.utf8.count) + nanos
        let date = "\(String(repeating: "0", count: max(0, 4 - "\(year)".utf8.count)))\(year)-\(two(month))-\(two(day))"
        return "\(date)T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))\(fraction)Z"
    }

    /// 0 to 86,399.
    var secondsOfDay: Int64 { PolicyTime.positiveRemainder(seconds, 86400) }

    var daysSince1970: Int64 { (seconds - secondsOfDay) / 86400 }

    static func positiveRemainder(_ number: Int64, _ divisor: Int64) -> Int64 {
        let rest = number % divisor
        return rest < 0 ? rest + divisor : rest
    }

    /// Days since 1970 to a date of the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted - positiveRemainder(shifted, 146_097)) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

/// Reads one date from its first byte to its last.
private struct DateReader {
    let bytes: UnsafeRawBufferPointer
    var index = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Whole seconds since 1970, at most 15 digits; not four, which are a year.
    func epoch() -> PolicyTime? {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = bytes.count - (isNegative ? 1 : 0)
        guard digits > 0, digits <= 15, isNegative || digits != 4 else { return nil }
        var number: Int64 = 0
        for index in (isNegative ? 1 : 0)..<bytes.count {
            guard bytes[index].isASCIIDigit else { return nil }
            number = number * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
        }
        return PolicyTime(seconds: isNegative ? -number : number)
    }

    mutating func date() -> PolicyTime? {
        guard let year = number(4) else { return nil }
        var month: Int64 = 1
        var day: Int64 = 1
        if atEnd { return DateReader.time(year, month, day) }
        guard take("-"), let readMonth = number(2), (1...12).contains(readMonth) else { return nil }
        month = readMonth
        if atEnd { return DateReader.time(year, month, day) }
        guard take("-"), let readDay = number(2), (1...DateReader.days(year, month)).contains(readDay) else {
            return nil
        }
        day = readDay
        guard let midnight = DateReader.time(year, month, day) else { return nil }
        if atEnd { return midnight }
        guard take("T"), let clock = clock(), let offset = offset(), atEnd else { return nil }
        return PolicyTime(seconds: midnight.seconds + clock.seconds - offset, nanoseconds: clock.nanoseconds)
    }

    private mutating func clock() -> PolicyTime? {
        guard let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60 else { return nil }
        var second: Int64 = 0
        var nanoseconds: Int32 = 0
        if take(":") {
            guard let read = number(2), read < 60 else { return nil }
            second = read
            if take(".") {
                guard let fraction = fraction() else { return nil }
                nanoseconds = fraction
            }
        }
        return PolicyTime(seconds: hour * 3600 + minute * 60 + second, nanoseconds: nanoseconds)
    }

    private mutating func fraction() -> Int32? {
        let start = index
        var value: Int32 = 0
        while index < bytes.count, bytes[index].isASCIIDigit, index - start < 9 {
            value = value * 10 + Int32(bytes[index] - UInt8(ascii: "0"))
            index += 1
        }
        guard index > start else { return nil }
        for _ in index - start..<9 { value *= 10 }
        return value
    }

    /// Seconds east of Greenwich.
    private mutating func offset() -> Int64? {
        if take("Z") { return 0 }
        let isEast = take("+")
        guard isEast || take("-"), let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60
        else { return nil }
        return (isEast ? 1 : -1) * (hour * 3600 + minute * 60)
    }

    private var atEnd: Bool { index == bytes.count }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func number(_ digits: Int) -> Int64? {
        guard bytes.count - index >= digits else { return nil }
        var value: Int64 = 0
        for _ in 0..<digits {
            guard bytes[index].isASCIIDigit else { return nil }
            value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
            index += 1
        }
        return value
    }

    private static func days(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Midnight of a day of the Gregorian calendar, extended to the past.
    private static func time(_ year: Int64, _ month: Int64, _ day: Int64) -> PolicyTime? {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return PolicyTime(seconds: days * 86400)
    }
}
