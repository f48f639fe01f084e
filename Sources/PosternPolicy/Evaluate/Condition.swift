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
        /// Index into the policy's table of rarer operands.
        case special(Int)
        /// Presence alone decides; a value that is there counts as unmatched.
        case nothing
    }

    var key: KnownKey
    var quantifier = ConditionOperator.Quantifier.single
    var outcome: Outcome
    var operand: Operand
    /// Index into the policy's keys, for those that are found by name.
    var keyIndex: UInt32

    func result(matched: Bool) -> Bool { matched ? outcome.matched : outcome.unmatched }
}

/// What conditions of the less frequent kinds compare with.
enum SpecialOperand: Sendable {
    /// Texts with variables, or compared without regard to case.
    case texts([Template], ignoringCase: Bool)
    /// ARNs, each in its six segments.
    case arns([[Template]])
    /// Decimal numbers as they were written.
    case numbers([[UInt8]], Comparison)
    case dates([PolicyTime], Comparison)
    case timesOfDay([TimeOfDay], Comparison)
    /// The bytes, and their base64 form.
    case binaries([(bytes: [UInt8], text: [UInt8])])
}
