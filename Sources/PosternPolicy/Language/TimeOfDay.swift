/// A minute of the day in UTC, as conditions on `postern:TimeOfDay` write it: `09:00`, up to `24:00` for the day's end.
struct TimeOfDay: Sendable, Hashable {
    /// Minutes since midnight, 0 to 1440.
    let minutes: Int64

    init(_ time: PolicyTime) { minutes = time.secondsOfDay / 60 }

    /// Reads `HH:MM`, two digits each; nil for anything else.
    init?(_ text: String) {
        var text = text
        guard let time = text.withUTF8({ TimeOfDay(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = time
    }

    init?(utf8 bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"), bytes[..<2].allSatisfy(\.isASCIIDigit),
            bytes[3...].allSatisfy(\.isASCIIDigit)
        else { return nil }
        func number(_ index: Int) -> Int64 { Int64(bytes[index] & 0xF) * 10 + Int64(bytes[index + 1] & 0xF) }
        minutes = number(0) * 60 + number(3)
        guard number(3) < 60, minutes <= 1440 else { return nil }
    }

    func order(_ other: TimeOfDay) -> Int { minutes < other.minutes ? -1 : minutes == other.minutes ? 0 : 1 }

    /// nil outside the day.
    func moved(by step: Int64) -> TimeOfDay? { TimeOfDay(minutes: minutes + step) }

    private init?(minutes: Int64) {
        guard (0...1440).contains(minutes) else { return nil }
        self.minutes = minutes
    }

    var description: String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}

extension PolicyTime {
    /// The day's English name, in UTC.
    var dayOfWeek: StaticString {
        // 1970 began on a Thursday.
        switch PolicyTime.positiveRemainder(daysSince1970, 7) {
        case 0: "Thursday"
        case 1: "Friday"
        case 2: "Saturday"
        case 3: "Sunday"
        case 4: "Monday"
        case 5: "Tuesday"
        default: "Wednesday"
        }
    }

    /// The names of the days, a week in order.
    static let daysOfWeek = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
}
