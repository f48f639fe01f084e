/// Numbers, dates, addresses and base64 as ``NaiveEvaluator`` reads them: slowly, and in another way than the module.
enum NaiveValues {
    // MARK: Numbers

    /// Below zero if the first is the smaller; nil if one of them is no number.
    static func orderOfNumbers(_ left: String, _ right: String) -> Int? {
        guard let left = number(left), let right = number(right) else { return nil }
        if left.sign != right.sign { return left.sign < right.sign ? -1 : 1 }
        if left.sign == 0 { return 0 }
        if left.exponent != right.exponent { return left.exponent < right.exponent ? -left.sign : left.sign }
        let width = max(left.digits.count, right.digits.count)
        let padded = [left, right].map { $0.digits + String(repeating: "0", count: width - $0.digits.count) }
        return padded[0] == padded[1] ? 0 : padded[0] < padded[1] ? -left.sign : left.sign
    }

    /// Its sign, the digits behind `0.` without zeros around them, and the power of ten that these are multiplied by.
    private static func number(_ text: String) -> (sign: Int, digits: String, exponent: Int)? {
        guard let match = text.wholeMatch(of: /([+-]?)([0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,9}))?/) else {
            return nil
        }
        let whole = String(match.2)
        let fraction = match.3.map(String.init) ?? ""
        let digits = whole + fraction
        if digits.isEmpty { return nil }
        let significant = digits.drop { $0 == "0" }
        if significant.isEmpty { return (0, "", 0) }
        let leadingZeros = digits.count - significant.count
        let exponent = whole.count - leadingZeros + (match.4.map { Int($0.hasPrefix("+") ? $0.dropFirst() : $0)! } ?? 0)
        let trimmed = String(significant.reversed().drop { $0 == "0" }.reversed())
        return (match.1 == "-" ? -1 : 1, trimmed, exponent)
    }

    // MARK: Hours and days that come again

    /// Below zero if the first is the earlier; nil if one of them is no time of day.
    static func orderOfTimes(_ left: String, _ right: String) -> Int? {
        for text in [left, right] {
            guard text.wholeMatch(of: /(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00/) != nil else { return nil }
        }
        // Two digits each: the order of the texts is that of the times.
        return left < right ? -1 : left == right ? 0 : 1
    }

    /// In UTC.
    static func timeOfDay(_ seconds: Int64) -> String {
        let minutes = ((seconds % 86_400 + 86_400) % 86_400) / 60
        return [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }

    /// In UTC. 1970-01-01 was a Thursday.
    static func dayOfWeek(_ seconds: Int64) -> String {
        let days = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
        let week: Int64 = 7 * 86_400
        return days[Int((seconds % week + week) % week / 86_400)]
    }

    // MARK: Dates

    /// Below zero if the first is the earlier; nil if one of them is no date.
    static func orderOfDates(_ left: String, _ right: String) -> Int? {
        guard let left = nanoseconds(left), let right = nanoseconds(right) else { return nil }
        return left < right ? -1 : left == right ? 0 : 1
    }

    /// Since 1970.
    private static func nanoseconds(_ text: String) -> Int128? {
        if text.wholeMatch(of: /-?[0-9]{1,15}/) != nil, text.utf8.count != 4 || text.hasPrefix("-") {
            return Int128(Int(text)!) * 1_000_000_000
        }
        let form =
            /([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(?:Z|([+-])([0-9]{2}):([0-9]{2})))?)?)?/
        guard let match = text.wholeMatch(of: form) else { return nil }
        func value(_ part: Substring?, _ other: Int, _ range: ClosedRange<Int>) -> Int? {
            guard let part else { return other }
            return range.contains(Int(part)!) ? Int(part)! : nil
        }
        let year = Int(match.1)!
        guard let month = value(match.2, 1, 1...12), let day = value(match.3, 1, 1...days(month, year)),
            let hour = value(match.4, 0, 0...23), let minute = value(match.5, 0, 0...59),
            let second = value(match.6, 0, 0...59), let zoneHour = value(match.9, 0, 0...23),
            let zoneMinute = value(match.10, 0, 0...59)
        else { return nil }
        var total = 0
        for passed in min(year, 1970)..<max(year, 1970) {
            total += (year < 1970 ? -1 : 1) * (1...12).reduce(0) { $0 + days($1, passed) }
        }
        for passed in 1..<month { total += days(passed, year) }
        total = ((total + day - 1) * 24 + hour) * 60 + minute
        total -= (match.8 == "-" ? -1 : 1) * (zoneHour * 60 + zoneMinute)
        let fraction = match.7.map { Int($0 + String(repeating: "0", count: 9 - $0.count))! } ?? 0
        return Int128(total * 60 + second) * 1_000_000_000 + Int128(fraction)
    }

    private static func days(_ month: Int, _ year: Int) -> Int {
        let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    // MARK: Addresses, as strings of zeros and ones

    static func network(_ network: String, holds address: String) -> Bool {
        let parts = network.split(separator: "/").map(String.init)
        guard var prefix = bits(parts[0]), let wanted = bits(address), prefix.count == wanted.count else {
            return false
        }
        if parts.count == 2 {
            // The prefix of a mapped network counts the 96 bits before it.
            let isMapped = prefix.count == 32 && parts[0].contains(":")
            prefix = String(prefix.prefix(Int(parts[1])! - (isMapped ? 96 : 0)))
        }
        return wanted.hasPrefix(prefix)
    }

    private static func bits(_ address: String) -> String? {
        guard address.unicodeScalars.contains(":") else { return bits4(address) }
        var halves = [address]
        if let gap = address.firstRange(of: "::") {
            halves = [String(address[..<gap.lowerBound]), String(address[gap.upperBound...])]
        }
        let groups = halves.enumerated().map { index, half in
            half.isEmpty ? [] : bits6(half, isLast: index == halves.count - 1)
        }
        guard !groups.contains(nil) else { return nil }
        let count = groups.reduce(0) { $0 + $1!.count }
        guard halves.count == 2 ? count < 8 : count == 8 else { return nil }
        let zeros = Array(repeating: binary(0, 16), count: 8 - count)
        let all = (groups[0]! + zeros + (halves.count == 2 ? groups[1]! : [])).joined()
        let mapped = String(repeating: "0", count: 80) + String(repeating: "1", count: 16)
        return all.hasPrefix(mapped) ? String(all.dropFirst(96)) : all
    }

    /// The groups of one side of `::`, the last two of which may be written as IPv4.
    private static func bits6(_ text: String, isLast: Bool) -> [String]? {
        var groups: [String] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.contains("."), let v4 = bits4(part) {
                groups += [String(v4.prefix(16)), String(v4.suffix(16))]
            } else {
                guard part.wholeMatch(of: /[0-9A-Fa-f]{1,4}/) != nil else { return nil }
                groups.append(binary(Int(part, radix: 16)!, 16))
            }
        }
        return groups
    }

    private static func bits4(_ text: String) -> String? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isWritten = parts.allSatisfy { $0.wholeMatch(of: /0|[1-9][0-9]{0,2}/) != nil && Int($0)! <= 255 }
        return parts.count == 4 && isWritten ? parts.map { binary(Int($0)!, 8) }.joined() : nil
    }

    private static func binary(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 2)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    // MARK: Base64

    /// The bytes of a text that is known to be base64.
    static func base64(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = text.compactMap { alphabet.firstIndex(of: $0) }.map { binary($0, 6) }.joined()
        return stride(from: 0, to: bits.count / 8 * 8, by: 8).map { UInt8(bits.dropFirst($0).prefix(8), radix: 2)! }
    }
}
