/// The compiled policy, shared by every connection that is bound to it. Immutable.
final class CompiledPolicy: Sendable {
    let tables: PolicyTables
    /// Indices of the statements that can apply: denies first, each effect in the document's order.
    let order: [UInt32]

    init(_ tables: PolicyTables) {
        self.tables = tables
        let live = tables.statements.indices.filter { tables.statements[$0].canApply }
        let denies = live.filter { tables.statements[$0].isDeny }
        let allows = live.filter { !tables.statements[$0].isDeny }
        order = (denies + allows).map { UInt32($0) }
    }

    /// Lends the tables that requests and connections are matched against.
    @inline(__always)
    func withView<Result>(_ body: (PolicyView) -> Result) -> Result {
        tables.patterns.withView { patterns in
            tables.conditions.withUnsafeBufferPointer { conditions in
                tables.statements.withUnsafeBufferPointer { statements in
                    tables.addressSets.withUnsafeBufferPointer { addressSets in
                        body(
                            PolicyView(
                                statements: statements, conditions: conditions, patterns: patterns,
                                addressSets: addressSets))
                    }
                }
            }
        }
    }
}
