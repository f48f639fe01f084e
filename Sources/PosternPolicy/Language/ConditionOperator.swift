/// A comparison of a condition. Names are compared without regard to case.
struct ConditionOperator: Sendable, Hashable {
    /// What an operator compares its key with.
    enum Family { case text, address, flag, presence }

    /// AWS's spelling.
    let name: String
    let family: Family
    /// A negated operator holds if the value matches none of the listed ones, and if the key is absent.
    var isNegated = false
    /// Whether `*` and `?` in the listed values are wildcards.
    var hasWildcards = false

    static let all = [
        ConditionOperator(name: "StringEquals", family: .text),
        ConditionOperator(name: "StringNotEquals", family: .text, isNegated: true),
        ConditionOperator(name: "StringLike", family: .text, hasWildcards: true),
        ConditionOperator(name: "StringNotLike", family: .text, isNegated: true, hasWildcards: true),
        ConditionOperator(name: "IpAddress", family: .address),
        ConditionOperator(name: "NotIpAddress", family: .address, isNegated: true),
        ConditionOperator(name: "Bool", family: .flag),
        ConditionOperator(name: "Null", family: .presence),
    ]

    static let byLowercasedName = Dictionary(uniqueKeysWithValues: all.map { (asciiLowercased($0.name), $0) })

    /// Operators of the AWS language that are not evaluated yet: a document that uses one is refused.
    static let unsupportedNames = [
        "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "NumericEquals", "NumericNotEquals", "NumericLessThan",
        "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals",
        "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "BinaryEquals", "ArnEquals",
        "ArnNotEquals", "ArnLike", "ArnNotLike",
    ]

    /// Whether AWS's language has this operator, with `IfExists` or a set qualifier where it may carry them, although
    /// it is not evaluated yet.
    static func isKnownButUnsupported(_ name: String) -> Bool {
        var base = asciiLowercased(name)
        var isDecorated = false
        for qualifier in ["forallvalues:", "foranyvalue:"] where base.utf8.starts(with: qualifier.utf8) {
            base = String(base.dropFirst(qualifier.count))
            isDecorated = true
        }
        if base.hasSuffix("ifexists") {
            base = String(base.dropLast("ifexists".count))
            isDecorated = true
        }
        if unsupportedNames.contains(where: { asciiLowercased($0) == base }) { return true }
        return isDecorated && base != "null" && byLowercasedName[base] != nil
    }

    func fits(_ key: ConditionKey) -> Bool {
        switch (family, key.kind) {
        case (.presence, _), (.text, .text), (.address, .address), (.flag, .flag): true
        default: false
        }
    }

    /// The operators that fit a key, for the hint of an error.
    static func fitting(_ key: ConditionKey) -> String {
        all.filter { $0.fits(key) }.map { "`\($0.name)`" }.joined(separator: ", ")
    }
}
