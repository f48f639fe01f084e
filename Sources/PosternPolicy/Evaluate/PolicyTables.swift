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

    var needsRequest: Bool { !coversAllResources || requestConditions > 0 }
}

/// What the compiler makes of a document: flat tables, referring to each other by index.
struct PolicyTables: Sendable {
    var scope: PolicyScope
    var patterns = PatternTable()
    var addressSets: [CIDRSet] = []
    var conditions: [Condition] = []
    var statements: [StatementProgram] = []

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
    /// Whether its actions cover `execute-api:Invoke`.
    var coversInvoke: Bool
}
