/// Why a policy decided as it did, for the operator: never shown to a caller. Built only when somebody reads it.
package struct Explanation: Sendable {
    package var decision: Decision
    /// The statement that decided: its `Sid`, or `#2` for the second; nil for an implicit deny.
    package var decidingStatement: String?
    /// Where that statement stands.
    package var position: SourcePosition?
    /// What became of each statement, in the document's order.
    package var statements: [StatementTrace]
    /// One line for the access log.
    package var summary: Summary
    /// What it would be if statements in shadow mode were enforced; nil if there are none.
    package var shadow: ShadowDecision?
    /// The fewest changes of the document after which the request would be allowed, in the order to make them. Empty if
    /// it is allowed, and if the document was not given.
    package var changes: [DocumentEdit] = []

    /// The deciding statement with its first condition; for an implicit deny the `Allow` that came closest, with the
    /// first thing that kept it from applying.
    package struct Summary: Sendable, Hashable {
        /// nil if no statement allows anything.
        package var statement: String?
        /// `IpAddress aws:VpcSourceIp`, `Resource` or `Action`; nil if the statement has no condition.
        package var condition: String?
        /// What the request held; nil if it held nothing.
        package var value: String?

        package init(statement: String? = nil, condition: String? = nil, value: String? = nil) {
            self.statement = statement
            self.condition = condition
            self.value = value
        }
    }
}

/// What became of one statement.
package struct StatementTrace: Sendable {
    package var label: String
    package var effect: Effect
    package var position: SourcePosition
    /// For a statement in shadow mode: whether it would have.
    package var applied: Bool
    /// Whether it is in shadow mode, and so has no part in the decision.
    package var isShadow = false
    /// Whether its principal covers the caller.
    package var principalMatched = true
    /// Whether its actions cover `execute-api:Invoke`.
    package var actionMatched: Bool
    /// Whether one of its resources matches the request's.
    package var resourceMatched: Bool
    package var conditions: [ConditionTrace]
    /// `Principal`, `Action` and `Resource`, if the document was given.
    package var elements: [ElementTrace] = []

    /// How far it is from applying: what it is about first, then its conditions.
    var distance: (Int, Int) {
        let otherThings = (actionMatched ? 0 : 1) + (resourceMatched ? 0 : 1) + (principalMatched ? 0 : 1)
        return (otherThings, conditions.count { !$0.matched })
    }
}

/// What became of one element of a statement that is no condition.
package struct ElementTrace: Sendable, Hashable, Encodable {
    /// `Resource`, `NotResource` and so on.
    package var name: String
    /// What the request is about; nil for an anonymous caller.
    package var seen: String?
    package var wanted: WantedValues
    package var matched: Bool
    /// Where the element's key stands.
    package var position: SourcePosition
}

/// One of the listed values.
package struct ListedValue: Sendable, Hashable, Encodable {
    package var text: String
    package var position: SourcePosition
}

/// What became of one condition.
package struct ConditionTrace: Sendable, Hashable {
    /// AWS's spelling of the operator, such as `NotIpAddress`.
    package var operatorName: String
    package var key: ConditionKey
    /// The key's value, cut at ``maximumSeen`` bytes; nil if the key is absent.
    package var seen: String?
    package var matched: Bool
    /// Where the key stands.
    package var position: SourcePosition
    /// What the condition asks for, if the document was given.
    package var wanted: WantedValues?
    /// The first of the listed values that what was seen matches, if the document was given and there is one.
    package var hit: ListedValue?

    /// How many bytes of a value explanations keep.
    package static let maximumSeen = 512

    /// `IpAddress aws:VpcSourceIp`
    package var name: String { "\(operatorName) \(key.rawValue)" }

    /// The text, no longer than ``maximumSeen`` bytes.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumSeen else { return text }
        return String(decoding: text.utf8.prefix(maximumSeen), as: UTF8.self) + "…"
    }
}
