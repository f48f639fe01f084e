/// The second at which tests judge certificates: 2027-01-15T08:00:00Z. No test of chains looks at the real clock.
enum TestClock {
    static let now = 1_800_000_000
    static let day = 86_400

    static func days(_ count: Int) -> Int { now + count * day }
}
