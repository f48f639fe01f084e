/// The tables of a compiled policy, lent for the duration of a call.
struct PolicyView {
    let statements: UnsafeBufferPointer<StatementProgram>
    let conditions: UnsafeBufferPointer<Condition>
    let patterns: PatternView
    let addressSets: UnsafeBufferPointer<CIDRSet>

    /// Whether the conditions on connection facts hold.
    func admits(_ statement: StatementProgram, _ connection: ConnectionView) -> Bool {
        let start = Int(statement.conditions)
        for index in start..<start + Int(statement.connectionConditions)
        where !holds(conditions[index], connection) { return false }
        return true
    }

    /// Whether the resource and the conditions on request facts match.
    @inline(__always)
    func admits(_ statement: StatementProgram, _ request: RequestFacts) -> Bool {
        if !statement.coversAllResources, !patterns.matches(statement.resources, request.resource) { return false }
        let start = Int(statement.conditions) &+ Int(statement.connectionConditions)
        for index in start..<start &+ Int(statement.requestConditions)
        where !holds(conditions[index], request) { return false }
        return true
    }

    func holds(_ condition: Condition, _ connection: ConnectionView) -> Bool {
        switch condition.key {
        case .sourceIP, .vpcSourceIP:
            guard let address = connection.sourceIP else { return condition.outcome.absent }
            guard case .addresses(let set) = condition.operand else { return condition.result(matched: false) }
            return condition.result(matched: addressSets[set].contains(address))
        case .sourceVPC: return holds(condition, connection.sourceVpc)
        case .sourceVPCE: return holds(condition, connection.sourceVpce)
        case .secureTransport:
            guard case .flag(let matchesTrue, let matchesFalse) = condition.operand else {
                return condition.result(matched: false)
            }
            return condition.result(matched: connection.secureTransport ? matchesTrue : matchesFalse)
        case .userAgent, .referer: preconditionFailure("a condition on the request among those on the connection")
        }
    }

    func holds(_ condition: Condition, _ request: RequestFacts) -> Bool {
        holds(condition, condition.key == .userAgent ? request.userAgent : request.referer)
    }

    private func holds(_ condition: Condition, _ text: UnsafeRawBufferPointer?) -> Bool {
        guard let text else { return condition.outcome.absent }
        guard case .patterns(let range) = condition.operand else { return condition.result(matched: false) }
        return condition.result(matched: patterns.matches(range, text))
    }
}
