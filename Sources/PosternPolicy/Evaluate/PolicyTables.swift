/// A statement as evaluation sees it.
struct StatementProgram: Sendable {
    /// Alternatives for the sixth segment of the ARN.
    var resources: PatternRange
    /// First of its conditions in the table: those on connection facts, then those on request facts.
    var conditions: UInt32
    var connectionConditions: UInt32
    var requestConditions: UInt32
    var isDeny: Bool
    /// False if its actions do not cover an invocation, or its resources are all of other APIs: it never applies.
    var canApply: Bool
    /// Whether one of the resources matches every request.
    var coversAllResources: Bool
    /// Whether resources and conditions of the request are plain patterns, matched without looking further.
    var isPlain = true
    /// Under `NotResource` what matches none of the resources is meant.
    var excludesResources = false
    /// Reported, never enforced.
    var isShadow = false
    /// Index into ``PolicyTables/principals``; nil for everyone.
    var principals: UInt32?
    /// First and number of its resources with variables.
    var templates: Range<Int32> = 0..<0

    var needsRequest: Bool { !coversAllResources || requestConditions > 0 }
}

/// `Principal` or `NotPrincipal`.
struct PrincipalSet: Sendable {
    var names: [PrincipalName]
    var isExcluding: Bool

    func admits(_ callers: [CallerIdentity]) -> Bool {
        let isNamed = names.contains { name in
            name == .everyone || callers.contains { name.names($0, isExcluding: isExcluding) }
        }
        return isNamed != isExcluding
    }
}

/// What the compiler makes of a document: flat tables, referring to each other by index.
struct PolicyTables: Sendable {
    var scope: PolicyScope
    var patterns = PatternTable()
    var addressSets: [CIDRSet] = []
    var conditions: [Condition] = []
    var statements: [StatementProgram] = []
    var keys: [ConditionKey] = []
    var operands: [SpecialOperand] = []
    var variables: [PolicyVariable] = []
    var principals: [PrincipalSet] = []
    /// Resources with variables.
    var templates: [Template] = []
    /// Whether a condition of a request needs facts of its connection, or more than its two fields.
    var needsContext = false
    var asksForTime = false

    // What follows is read by explanations only; the indices are those of `conditions` and `statements`.
    var conditionNotes: [ConditionNote] = []
    var notes: [StatementNote] = []
}

/// A condition as its author wrote it.
struct ConditionNote: Sendable {
    /// AWS's spelling of the operator.
    var operatorName: String
    var position: SourcePosition
}

/// A statement as its author wrote it.
package struct StatementNote: Sendable {
    package var sid: String?
    package var effect: Effect
    package var position: SourcePosition
    /// The `Sid`, or `#2` for the second statement.
    package var label: String
    /// Whether it carries `"postern:Mode": "shadow"`.
    package var isShadow = false
    /// Whether its actions cover `execute-api:Invoke`.
    var coversInvoke: Bool
}
