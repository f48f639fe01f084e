/// The tables of a compiled policy, lent for the duration of a call.
struct PolicyView {
    let statements: UnsafeBufferPointer<StatementProgram>
    let conditions: UnsafeBufferPointer<Condition>
    let patterns: PatternView
    let addressSets: UnsafeBufferPointer<CIDRSet>
    let policy: Unmanaged<CompiledPolicy>

    /// Whether the principal and the conditions on connection facts hold.
    func admits(_ statement: StatementProgram, _ connection: ConnectionView) -> Bool {
        if let principals = statement.principals {
            guard tables.principals[Int(principals)].admits(connection.rarer.identities) else { return false }
        }
        let start = Int(statement.conditions)
        for index in start..<start + Int(statement.connectionConditions)
        where !holds(conditions[index], ConnectionSource(connection: connection)) { return false }
        return true
    }

    /// Whether the resource and the conditions on request facts match, for a plain statement.
    @inline(__always)
    func admits(_ statement: StatementProgram, _ request: RequestFacts) -> Bool {
        if !statement.coversAllResources, !patterns.matches(statement.resources, request.resource) { return false }
        let start = Int(statement.conditions) &+ Int(statement.connectionConditions)
        for index in start..<start &+ Int(statement.requestConditions)
        where !holdsPlainly(conditions[index], request) { return false }
        return true
    }

    /// The same for any statement.
    @inline(never)
    func admits(_ statement: StatementProgram, _ facts: RequestSource) -> Bool {
        if !statement.coversAllResources, !matchesResource(statement, facts) { return false }
        let start = Int(statement.conditions) + Int(statement.connectionConditions)
        for index in start..<start + Int(statement.requestConditions)
        where !holds(conditions[index], facts) { return false }
        return true
    }

    func matchesResource(_ statement: StatementProgram, _ facts: RequestSource) -> Bool {
        if statement.coversAllResources { return true }
        let resource = facts.request.resource
        let matches =
            patterns.matches(statement.resources, resource)
            || statement.templates.contains { index in
                guard let tokens = tables.templates[Int(index)].expanded(tables.variables, facts) else { return false }
                return Glob.matches(tokens, resource)
            }
        return matches != statement.excludesResources
    }

    @inline(__always)
    private func holdsPlainly(_ condition: Condition, _ request: RequestFacts) -> Bool {
        if condition.key.isTime { return holdsAtTime(condition, request.time ?? .now) }
        let text = condition.key == .userAgent ? request.userAgent : request.referer
        guard let text else { return condition.outcome.absent }
        guard case .patterns(let range) = condition.operand else { return condition.result(matched: false) }
        return condition.result(matched: patterns.matches(range, text))
    }

    /// A comparison of the request's time with dates.
    @inline(never)
    private func holdsAtTime(_ condition: Condition, _ time: PolicyTime) -> Bool {
        guard case .special(let index) = condition.operand else { return condition.outcome.unmatched }
        return policy._withUnsafeGuaranteedRef { policy in
            guard case .dates(let dates, let comparison) = policy.tables.operands[index] else { return false }
            let time = condition.key == .epochTime ? PolicyTime(seconds: time.seconds) : time
            return condition.result(matched: dates.contains { comparison.holds(time.order($0)) })
        }
    }

    var tables: PolicyTables { @inline(__always) get { policy._withUnsafeGuaranteedRef { $0.tables } } }
}
