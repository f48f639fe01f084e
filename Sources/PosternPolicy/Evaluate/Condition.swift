/// One compiled condition: a key, what its value is compared with, and what follows from each result.
struct Condition: Sendable {
    /// What holds when the key is absent, when its value matches one of the listed ones, and when it matches none.
    ///
    /// This is AWS's table for missing keys and its rule that values are ORed (NORed under a negated operator).
    struct Outcome: Sendable {
        var absent: Bool
        var matched: Bool
        var unmatched: Bool

        static let positive = Outcome(absent: false, matched: true, unmatched: false)
        static let negated = Outcome(absent: true, matched: false, unmatched: true)
    }

    enum Operand: Sendable {
        case patterns(PatternRange)
        /// Index into the policy's address sets.
        case addresses(Int)
        case flag(matchesTrue: Bool, matchesFalse: Bool)
        /// Presence alone decides; a value that is there counts as unmatched.
        case nothing
    }

    var key: ConditionKey
    var outcome: Outcome
    var operand: Operand

    func result(matched: Bool) -> Bool { matched ? outcome.matched : outcome.unmatched }
}
