/// What a condition, or an element of a statement, asks for: the first few of the listed values, and how many there are.
package struct WantedValues: Sendable, Hashable, Encodable {
    /// The first ``maximumShown``, each cut at ``ConditionTrace/maximumSeen`` bytes.
    package var values: [String]
    package var count: Int
    /// In words: ``one of 100,000 networks (`10.0.0.0/24`, `10.0.1.0/24`, …)``.
    package var text: String

    /// How many values are shown of a list.
    package static let maximumShown = 3

    /// What a condition wants.
    init(_ comparison: ConditionOperator, _ nodes: [DocumentNode]) {
        self.init(nodes, noun: comparison.family == .address ? "networks" : "values")
        text = sentence(comparison)
    }

    /// What an element wants: one of these, or none of them.
    init(_ nodes: [DocumentNode], isExcluding: Bool) {
        self.init(nodes, noun: "values")
        text = isExcluding ? (count == 1 ? "not " : "none of ") + list : (count == 1 ? "" : "one of ") + list
    }

    private init(_ nodes: [DocumentNode], noun: String) {
        values = nodes.prefix(WantedValues.maximumShown).map { ConditionTrace.cut($0.scalarText) }
        count = nodes.count
        self.noun = noun
        text = ""
    }

    private var noun: String

    private enum CodingKeys: String, CodingKey { case values, count, text }

    private var list: String {
        let shown = values.map { quoted($0) }.joined(separator: ", ")
        return count <= WantedValues.maximumShown ? shown : "\(grouped(count)) \(noun) (\(shown), …)"
    }

    private func sentence(_ comparison: ConditionOperator) -> String {
        if comparison.family == .presence {
            let isAbsent = values.first.map(asciiLowercased) == "true"
            return Set(values.map(asciiLowercased)).count > 1 ? "absent or present" : isAbsent ? "absent" : "present"
        }
        let every =
            switch comparison.quantifier {
            case .single: ""
            case .forAll: "every value "
            case .forAny: "some value "
            }
        let relation =
            switch comparison.order {
            case .equal: ""
            case .less: comparison.family == .date ? "before " : "less than "
            case .lessOrEqual: "at most "
            case .greater: comparison.family == .date ? "after " : "more than "
            case .greaterOrEqual: "at least "
            }
        let some =
            count == 1 ? (comparison.isNegated ? "not " : "") : (comparison.isNegated ? "none of " : "one of ")
        let words = every + relation + some + list
        return comparison.ifExists ? words + ", or absent" : words
    }
}

/// `100,000`
func grouped(_ number: Int) -> String {
    var digits = String(number)
    var place = digits.utf8.count - 3
    while place > 0 {
        digits.insert(",", at: digits.utf8.index(digits.startIndex, offsetBy: place))
        place -= 3
    }
    return digits
}

extension DocumentNode {
    /// A scalar as conditions take it.
    var scalarText: String {
        switch value {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        default: compactJSON
        }
    }

    /// A value, or the values of a list.
    var elements: [DocumentNode] { if case .array(let nodes) = value { nodes } else { [self] } }

    /// The members of a mapping; none of anything else.
    var members: [DocumentNode.Member] { if case .object(let members) = value { members } else { [] } }

    func member(_ key: String) -> DocumentNode.Member? { members.first { $0.key == key } }
}
