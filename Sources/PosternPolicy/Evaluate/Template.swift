/// A text with wildcards and variables, as tokens: 0 to 255 for a byte, then the two wildcards, then the variables by
/// their index in the policy's table. What a variable brings in can therefore never become a wildcard.
struct Template: Sendable, Hashable {
    static let anyRun: UInt16 = 0x100
    static let anyCharacter: UInt16 = 0x101
    static let firstVariable: UInt16 = 0x200

    var tokens: [UInt16] = []

    var hasVariables: Bool { tokens.contains { $0 >= Template.firstVariable } }

    /// The same as a plain pattern, if it has no variable.
    var pattern: PatternText? {
        hasVariables ? nil : PatternText(template: tokens)
    }

    /// Cuts at colons, at most five times; a colon in a variable's name is none.
    func segments() -> [Template] {
        tokens.split(separator: UInt16(UInt8(ascii: ":")), maxSplits: 5, omittingEmptySubsequences: false)
            .map { Template(tokens: Array($0)) }
    }

    /// The tokens with the variables' values in their places; nil if one of them has none.
    func expanded(_ variables: [PolicyVariable], _ facts: some FactSource) -> [UInt16]? {
        guard hasVariables else { return tokens }
        var expanded: [UInt16] = []
        for token in tokens {
            guard token >= Template.firstVariable else {
                expanded.append(token)
                continue
            }
            guard let bytes = variables[Int(token - Template.firstVariable)].value(facts) else { return nil }
            expanded += bytes.map { UInt16($0) }
        }
        return expanded
    }
}

/// `${key}` or `${key, 'default'}`.
struct PolicyVariable: Sendable, Hashable {
    var key: ConditionKey
    var whenAbsent: [UInt8]?

    /// nil if the key is absent and there is no default; a key of several values has none.
    func value(_ facts: some FactSource) -> [UInt8]? {
        switch facts.values(of: key) {
        case .absent: whenAbsent
        case .one(let value): value.text
        case .texts(let texts): texts.count == 1 ? Array(texts[0].utf8) : texts.isEmpty ? whenAbsent : nil
        }
    }
}

extension PatternText {
    init(template tokens: [UInt16]) {
        self.init(exactly: [])
        for token in tokens {
            switch token {
            case Template.anyRun: append(wildcards: CollectionOfOne(UInt8(ascii: "*")))
            case Template.anyCharacter: append(wildcards: CollectionOfOne(UInt8(ascii: "?")))
            default: append(literal: UInt8(token))
            }
        }
    }
}
