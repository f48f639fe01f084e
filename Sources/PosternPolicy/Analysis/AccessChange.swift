/// Requests that a change of a policy lets in, or keeps out.
package struct AccessChange: Sendable {
    package enum Kind: String, Sendable { case allowed, denied }

    /// One fact, and the values of it that are meant; what is not told may be anything.
    package struct Condition: Sendable, Hashable {
        /// `address`, `aws:SourceVpce`.
        package var fact: String
        package var values: [String]
    }

    package var kind: Kind
    /// False if a comparison with variables has a part in it: it may be so, if that turns out as told.
    package var isCertain: Bool
    package var source: [Condition]
    /// `GET /prod/order/{id}`; never empty.
    package var routes: [String]
    /// The statement that decides now, and its policy's text is the new one; nil for want of an allow.
    package var statement: StatementNote?
    /// The statement that decided before; nil for want of an allow.
    package var formerStatement: StatementNote?
}

/// What a change of a policy comes to.
package struct AccessComparison: Sendable {
    package var changes: [AccessChange]
    /// Why the comparison could not be made exactly, or at all; what is left out may be more access.
    package var problems: [String]

    /// Whether somebody gains access, or nobody can tell.
    package var widens: Bool { !problems.isEmpty || changes.contains { $0.kind == .allowed } }
}

/// A policy with the document that it was compiled from.
package struct AnalysedPolicy: Sendable {
    package let policy: Policy
    package let document: DocumentNode

    package init(_ policy: Policy, _ document: DocumentNode) {
        self.policy = policy
        self.document = document
    }

    /// - Throws: every problem of the document.
    package static func compile(_ document: DocumentNode, for scope: PolicyScope) throws(Diagnostics) -> AnalysedPolicy
    {
        AnalysedPolicy(try Policy.compile(document, for: scope), document)
    }
}

extension AccessComparison {
    /// Compares two policies of one API over the partition of requests that both induce; exact but for what is said not
    /// to be.
    ///
    /// - Parameter routes: the API's; nil: any method and path of any stage.
    package static func compare(
        _ old: AnalysedPolicy, _ new: AnalysedPolicy, routes: AnalysedRoutes?
    ) -> AccessComparison {
        let (clauses, sides, notes) = pair(old, new)
        guard sides.contains(where: { $0 != [.old, .new] }) else { return AccessComparison(changes: [], problems: []) }
        do throws(AnalysisLimit) {
            let partition = try PolicyPartition(clauses, scope: new.policy.scope, routes: routes)
            var search = AccessSearch(partition, sides: sides)
            let root = try search.run()
            var teller = AccessTeller(search: search, old: old.policy, new: new.policy, notes: notes)
            teller.tell(root)
            return AccessComparison(changes: teller.changes, problems: teller.problems)
        } catch {
            return AccessComparison(changes: [], problems: [error.description])
        }
    }

    /// The clauses of both; statements that stand in both count once.
    private static func pair(
        _ old: AnalysedPolicy, _ new: AnalysedPolicy
    ) -> (clauses: [Clause], sides: [AccessSearch.Side], notes: [AccessTeller.Notes]) {
        var unpaired: [String: [Int]] = [:]
        for (index, text) in old.document.statementTexts.enumerated().reversed() {
            unpaired[text, default: []].append(index)
        }
        var former: [Int: Int] = [:]
        for (index, text) in new.document.statementTexts.enumerated() {
            if let partner = unpaired[text]?.popLast() { former[index] = partner }
        }
        let paired = Set(former.values)
        var clauses: [Clause] = []
        var sides: [AccessSearch.Side] = []
        var notes: [AccessTeller.Notes] = []
        for clause in new.policy.compiled.clauses {
            let partner = former[clause.statement].map { old.policy.statements[$0] }
            clauses.append(clause)
            sides.append(partner == nil ? .new : [.old, .new])
            notes.append((partner, new.policy.statements[clause.statement]))
        }
        for clause in old.policy.compiled.clauses where !paired.contains(clause.statement) {
            clauses.append(clause)
            sides.append(.old)
            notes.append((old.policy.statements[clause.statement], nil))
        }
        return (clauses, sides, notes)
    }
}
