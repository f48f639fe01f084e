import Glibc
import Testing

@testable import PosternTelemetry

@Suite struct CivilTimeTests {
    @Test func agreesWithTheCLibraryOverAllYears() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            var second = Int.random(in: -62_167_219_200...253_402_300_799, using: &random)
            let ours = CivilTime(epochSecond: second)
            var theirs = tm()
            gmtime_r(&second, &theirs)
            #expect(ours.year == Int(theirs.tm_year) + 1900, "seed \(seed), second \(second)")
            #expect(ours.month == Int(theirs.tm_mon) + 1, "seed \(seed), second \(second)")
            #expect(ours.day == Int(theirs.tm_mday), "seed \(seed), second \(second)")
            #expect(ours.hour == Int(theirs.tm_hour), "seed \(seed), second \(second)")
            #expect(ours.minute == Int(theirs.tm_min), "seed \(seed), second \(second)")
            #expect(ours.second == Int(theirs.tm_sec), "seed \(seed), second \(second)")
            #expect(ours.weekday == Int(theirs.tm_wday), "seed \(seed), second \(second)")
        }
    }

    @Test func yearsThatCannotBeWrittenAreClamped() {
        #expect(CivilTime(epochSecond: .max).year == 9999)
        #expect(CivilTime(epochSecond: .min).year == 0)
    }
}

@Suite struct TimestampTests {
    private func text(_ nanoseconds: Int, _ timestamp: inout Timestamp) -> String {
        var bytes = [UInt8](repeating: 0, count: Timestamp.count)
        bytes.withUnsafeMutableBytes { timestamp.write(epochNanoseconds: nanoseconds, to: $0.baseAddress!) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func isRFC3339WithMilliseconds() {
        var timestamp = Timestamp()
        #expect(text(0, &timestamp) == "1970-01-01T00:00:00.000Z")
        #expect(text(1_775_738_096_789_999_999, &timestamp) == "2026-04-09T12:34:56.789Z")
        #expect(text(1_775_738_096_001_000_000, &timestamp) == "2026-04-09T12:34:56.001Z")
        #expect(text(951_782_400_000_000_000, &timestamp) == "2000-02-29T00:00:00.000Z")
    }

    @Test func timesMayComeInAnyOrder() {
        var timestamp = Timestamp()
        #expect(text(2_000_000_000, &timestamp) == "1970-01-01T00:00:02.000Z")
        #expect(text(1_500_000_000, &timestamp) == "1970-01-01T00:00:01.500Z")
        #expect(text(-1, &timestamp) == "1969-12-31T23:59:59.999Z")
    }
}

@Suite struct HTTPDateTests {
    @Test func isTheExampleOfRFC9110() {
        let date = HTTPDate()
        let bytes = date.bytes(epochSecond: 784_111_777)
        #expect(bytes.count == HTTPDate.count)
        #expect(String(decoding: bytes, as: UTF8.self) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(
            String(decoding: date.bytes(epochNanoseconds: 1_775_738_096_789_999_999), as: UTF8.self)
                == "Thu, 09 Apr 2026 12:34:56 GMT")
    }

    @Test func everyMonthAndWeekdayHasItsName() {
        let date = HTTPDate()
        var months: [String] = []
        var days: Set<String> = []
        for month in 0..<12 {
            let text = String(decoding: date.bytes(epochSecond: 1_736_942_400 + month * 2_629_746), as: UTF8.self)
            days.insert(String(text.prefix(3)))
            months.append(String(text.dropFirst(8).prefix(3)))
        }
        #expect(months == ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"])
        for day in 0..<7 {
            days.insert(String(String(decoding: date.bytes(epochSecond: day * 86_400), as: UTF8.self).prefix(3)))
        }
        #expect(days == ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"])
    }
}

@Suite struct DecimalDigitsTests {
    @Test(arguments: [
        0, 1, 9, 10, 99, 100, 999_999_999, 1_000_000_000, Int.max, Int.min, -1, 1_000_000_000_000_000_000,
        999_999_999_999_999_999,
    ])
    func writesWhatSwiftWrites(_ value: Int) {
        var bytes = [UInt8](repeating: 0, count: DecimalDigits.mostBytes)
        let count = bytes.withUnsafeMutableBytes { DecimalDigits.write(value, to: $0.baseAddress!) - $0.baseAddress! }
        #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == String(value))
    }
}
