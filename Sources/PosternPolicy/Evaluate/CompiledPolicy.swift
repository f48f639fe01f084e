/// The compiled policy, shared by every connection that is bound to it. Immutable.
final class CompiledPolicy: Sendable {
    let tables: PolicyTables
    let enforced: EnforcedStatements
    /// nil if no statement is in shadow mode.
    let hypothetical: HypotheticalStatements?

    init(_ tables: PolicyTables) {
        self.tables = tables
        enforced = EnforcedStatements(tables)
        hypothetical = HypotheticalStatements(tables)
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
                                addressSets: addressSets, policy: Unmanaged.passUnretained(self)))
                    }
                }
            }
        }
    }
}

/// The statements that decide. None in shadow mode can be among them: this is the only way to make one, and a
/// ``Decision`` is made of nothing else.
struct EnforcedStatements: Sendable {
    /// Indices of the statements that can apply: denies first, each effect in the document's order.
    let order: [UInt32]

    fileprivate init(_ tables: PolicyTables) { order = tables.order { !$0.isShadow } }
}

/// The statements that would decide if those in shadow mode were enforced; good for a ``ShadowDecision`` only.
struct HypotheticalStatements: Sendable {
    let order: [UInt32]

    fileprivate init?(_ tables: PolicyTables) {
        guard tables.statements.contains(where: \.isShadow) else { return nil }
        order = tables.order { _ in true }
    }
}

extension PolicyTables {
    fileprivate func order(_ isIncluded: (StatementProgram) -> Bool) -> [UInt32] {
        let live = statements.indices.filter { statements[$0].canApply && isIncluded(statements[$0]) }
        let denies = live.filter { statements[$0].isDeny }
        let allows = live.filter { !statements[$0].isDeny }
        return (denies + allows).map { UInt32($0) }
    }
}
