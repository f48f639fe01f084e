/// A comparison of a condition. Names are compared without regard to case.
struct ConditionOperator: Sendable, Hashable {
    /// What an operator compares its key with.
    enum Family { case text, arn, number, date, address, flag, binary, presence }

    /// How the request's values are taken together.
    enum Quantifier: Sendable { case single, forAll, forAny }

    /// AWS's spelling.
    let name: String
    let family: Family
    /// A negated operator holds if the value matches none of the listed ones, and if the key is absent.
    var isNegated = false
    /// Whether `*` and `?` in the listed values are wildcards.
    var hasWildcards = false
    var ignoresCase = false
    var order = Comparison.equal

    /// With `IfExists` it holds where the key is absent.
    var ifExists = false
    var quantifier = Quantifier.single

    static let all = [
        ConditionOperator(name: "StringEquals", family: .text),
        ConditionOperator(name: "StringNotEquals", family: .text, isNegated: true),
        ConditionOperator(name: "StringEqualsIgnoreCase", family: .text, ignoresCase: true),
        ConditionOperator(name: "StringNotEqualsIgnoreCase", family: .text, isNegated: true, ignoresCase: true),
        ConditionOperator(name: "StringLike", family: .text, hasWildcards: true),
        ConditionOperator(name: "StringNotLike", family: .text, isNegated: true, hasWildcards: true),
        ConditionOperator(name: "NumericEquals", family: .number),
        ConditionOperator(name: "NumericNotEquals", family: .number, isNegated: true),
        ConditionOperator(name: "NumericLessThan", family: .number, order: .less),
        ConditionOperator(name: "NumericLessThanEquals", family: .number, order: .lessOrEqual),
        ConditionOperator(name: "NumericGreaterThan", family: .number, order: .greater),
        ConditionOperator(name: "NumericGreaterThanEquals", family: .number, order: .greaterOrEqual),
        ConditionOperator(name: "DateEquals", family: .date),
        ConditionOperator(name: "DateNotEquals", family: .date, isNegated: true),
        ConditionOperator(name: "DateLessThan", family: .date, order: .less),
        ConditionOperator(name: "DateLessThanEquals", family: .date, order: .lessOrEqual),
        ConditionOperator(name: "DateGreaterThan", family: .date, order: .greater),
        ConditionOperator(name: "DateGreaterThanEquals", family: .date, order: .greaterOrEqual),
        ConditionOperator(name: "Bool", family: .flag),
        ConditionOperator(name: "BinaryEquals", family: .binary),
        ConditionOperator(name: "IpAddress", family: .address),
        ConditionOperator(name: "NotIpAddress", family: .address, isNegated: true),
        ConditionOperator(name: "ArnEquals", family: .arn, hasWildcards: true),
        ConditionOperator(name: "ArnNotEquals", family: .arn, isNegated: true, hasWildcards: true),
        ConditionOperator(name: "ArnLike", family: .arn, hasWildcards: true),
        ConditionOperator(name: "ArnNotLike", family: .arn, isNegated: true, hasWildcards: true),
        ConditionOperator(name: "Null", family: .presence),
    ]

    static let byLowercasedName = Dictionary(uniqueKeysWithValues: all.map { (asciiLowercased($0.name), $0) })

    /// Finds an operator, with `ForAllValues:` or `ForAnyValue:` before it and `IfExists` behind, which `Null` carries
    /// neither of.
    init?(_ written: String) {
        var base = asciiLowercased(written)
        var quantifier = Quantifier.single
        for (prefix, meaning) in [("forallvalues:", Quantifier.forAll), ("foranyvalue:", .forAny)]
        where base.hasPrefix(prefix) {
            base = String(base.dropFirst(prefix.count))
            quantifier = meaning
            break
        }
        let ifExists = base.hasSuffix("ifexists")
        if ifExists { base = String(base.dropLast("ifexists".count)) }
        guard var found = ConditionOperator.byLowercasedName[base] else { return nil }
        if found.family == .presence, ifExists || quantifier != .single { return nil }
        found.ifExists = ifExists
        found.quantifier = quantifier
        self = found
    }

    private init(
        name: String, family: Family, isNegated: Bool = false, hasWildcards: Bool = false, ignoresCase: Bool = false,
        order: Comparison = .equal
    ) {
        self.name = name
        self.family = family
        self.isNegated = isNegated
        self.hasWildcards = hasWildcards
        self.ignoresCase = ignoresCase
        self.order = order
    }

    /// AWS's spelling with the parts around it.
    var fullName: String {
        let prefix =
            switch quantifier {
            case .single: ""
            case .forAll: "ForAllValues:"
            case .forAny: "ForAnyValue:"
            }
        return prefix + name + (ifExists ? "IfExists" : "")
    }

    /// What holds for a key that is absent, for a value that matches and for one that does not.
    var outcome: Condition.Outcome {
        var outcome: Condition.Outcome = isNegated ? .negated : .positive
        switch quantifier {
        case .single: break
        case .forAll: outcome.absent = true
        case .forAny: outcome.absent = false
        }
        if ifExists { outcome.absent = true }
        return outcome
    }

    func fits(_ key: ConditionKey) -> Bool {
        switch (family, key.known.kind) {
        case (.presence, _), (.text, .text), (.address, .address), (.flag, .flag), (.date, .date), (.number, .number),
            (.text, .arn), (.arn, .arn), (.date, .epoch), (.number, .epoch), (.text, .numberOrText),
            (.number, .numberOrText), (.number, .timeOfDay):
            true
        default: false
        }
    }

    /// The operators that fit a key, for the hint of an error.
    static func fitting(_ key: ConditionKey) -> String {
        all.filter { $0.fits(key) }.map { "`\($0.name)`" }.joined(separator: ", ")
    }
}

/// How the request's number or date stands to one of the listed.
enum Comparison: Sendable {
    case equal, less, lessOrEqual, greater, greaterOrEqual

    /// - Parameter order: below zero if the request's value is the smaller.
    func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}
