import PosternPolicy
import Testing

@Suite("time of day and day of week") struct TimeOfDayTests {
    private func decides(_ condition: String, at time: String) throws -> Bool {
        var request = Request()
        request.time = PolicyTime(time)
        try #require(request.time != nil)
        return try compile(allowing(condition: condition)).decide(ConnectionFacts(), request).answer == .allow
    }

    @Test func `a minute lasts from its first second to its last, in UTC`() throws {
        let hours =
            #"{"NumericGreaterThanEquals":{"postern:TimeOfDay":"07:30"},"NumericLessThan":{"postern:TimeOfDay":"17:00"}}"#
        for (time, holds) in [
            ("2026-11-23T07:29:59Z", false), ("2026-11-23T07:30:00Z", true), ("2026-11-23T16:59:59.999Z", true),
            ("2026-11-23T17:00:00Z", false), ("2026-11-23T08:30:00+02:00", false), ("2026-11-23T18:30:00+02:00", true),
            ("-30", false),
        ] { #expect(try decides(hours, at: time) == holds, "\(time)") }
        #expect(try decides(#"{"NumericEquals":{"postern:TimeOfDay":"23:59"}}"#, at: "-30"))
        #expect(try decides(#"{"NumericLessThan":{"postern:TimeOfDay":"24:00"}}"#, at: "2026-11-23T23:59:59Z"))
    }

    @Test func `days have their English names, before 1970 too`() throws {
        for (time, day) in [
            ("2026-11-23", "Monday"), ("2026-11-24", "Tuesday"), ("2026-11-25", "Wednesday"),
            ("2026-11-26", "Thursday"),
            ("2026-11-27", "Friday"), ("2026-11-28", "Saturday"), ("2026-11-29T23:59:59Z", "Sunday"),
            ("-1", "Wednesday"),
            ("-86401", "Tuesday"), ("0", "Thursday"), ("2000-02-29", "Tuesday"),
        ] {
            #expect(try decides(#"{"StringEquals":{"postern:DayOfWeek":"\#(day)"}}"#, at: time), "\(time)")
            #expect(try !decides(#"{"StringNotEquals":{"postern:DayOfWeek":"\#(day)"}}"#, at: time), "\(time)")
        }
    }

    @Test func `a decision that no time is given for takes the clock's, and time is never absent`() throws {
        let policy = try compile(
            allowing(
                condition: #"{"Null":{"postern:TimeOfDay":"false","postern:DayOfWeek":"false"},"#
                    + #""StringLike":{"postern:DayOfWeek":"*day"},"NumericLessThan":{"postern:TimeOfDay":"24:00"}}"#))
        #expect(policy.decide() == .allow(statement: 0))
    }

    @Test(arguments: ["9:00", "09:60", "24:01", "0900", "540", "09:00:00", "09:0x", "", "²9:00"])
    func `what is no minute of the day is refused`(text: String) {
        #expect(
            problems(allowing(condition: #"{"NumericLessThan":{"postern:TimeOfDay":"\#(text)"}}"#)).first?
                .contains("is not a time of day (expected `09:00`, `17:30` or the like, in UTC)") == true)
    }

    @Test func `tools are told the time of day, and take nothing else for one`() throws {
        let policy = try StandalonePolicy.compile(
            document(allowing(condition: #"{"NumericLessThan":{"postern:timeofday":"09:00"}}"#)), kind: .resource)
        for (time, answer) in [
            ("08:59", PolicyAnswer.allow), ("09:00", .implicitDeny), ("24:00", .implicitDeny), ("8:59", .implicitDeny),
            ("100", .implicitDeny),
        ] {
            let asked = PolicyRequest(
                action: "execute-api:Invoke", resource: testScope.arnPrefix + "a1b2c3d4e5/prod/GET/pets/1",
                context: ["postern:TimeOfDay": [time]])
            #expect(policy.evaluate(asked).decision == answer, "\(time)")
        }
    }

    @Test func `only operators of numbers fit the one, only those of text the other`() {
        #expect(
            problems(allowing(condition: #"{"StringEquals":{"postern:TimeOfDay":"09:00"}}"#)).first?
                .contains("does not fit `postern:TimeOfDay`") == true)
        #expect(
            problems(allowing(condition: #"{"NumericEquals":{"postern:DayOfWeek":"1"}}"#)).first?
                .contains("does not fit `postern:DayOfWeek`") == true)
    }
}
