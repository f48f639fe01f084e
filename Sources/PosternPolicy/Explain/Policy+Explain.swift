extension Policy {
    /// Decides once more, keeping what each statement came to.
    package func explain(_ facts: ConnectionFacts, _ request: RequestFacts) -> Explanation {
        let decision = bind(facts).decide(request)
        let traces = facts.withView { connection in
            compiled.withView { policy in
                statements.indices.map { trace($0, connection, request, policy) }
            }
        }
        let deciding: Int? =
            switch decision {
            case .allow(let statement), .explicitDeny(let statement): statement
            case .implicitDeny: nil
            }
        return Explanation(
            decision: decision, decidingStatement: deciding.map { statements[$0].label },
            position: deciding.map { statements[$0].position }, statements: traces,
            summary: deciding.map { summary(applied: traces[$0]) } ?? summary(closest: traces, request))
    }

    private func trace(
        _ index: Int, _ connection: ConnectionView, _ request: RequestFacts, _ policy: PolicyView
    ) -> StatementTrace {
        let note = statements[index]
        let program = policy.statements[index]
        let conditions = (0..<Int(program.connectionConditions + program.requestConditions))
            .map { trace(condition: Int(program.conditions) + $0, connection, request, policy) }
            .sorted { ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column) }
        let resourceMatched = policy.patterns.matches(program.resources, request.resource)
        return StatementTrace(
            label: note.label, effect: note.effect, position: note.position,
            applied: note.coversInvoke && resourceMatched && conditions.allSatisfy(\.matched),
            actionMatched: note.coversInvoke, resourceMatched: resourceMatched, conditions: conditions)
    }

    private func trace(
        condition index: Int, _ connection: ConnectionView, _ request: RequestFacts, _ policy: PolicyView
    ) -> ConditionTrace {
        let condition = policy.conditions[index]
        let note = compiled.tables.conditionNotes[index]
        let matched =
            condition.key.isRequestFact
            ? policy.holds(condition, request) : policy.holds(condition, connection)
        let seen: String? =
            switch condition.key {
            case .sourceIP, .vpcSourceIP: connection.sourceIP?.description
            case .sourceVPC: connection.sourceVpc.map(shown)
            case .sourceVPCE: connection.sourceVpce.map(shown)
            case .userAgent: request.userAgent.map(shown)
            case .referer: request.referer.map(shown)
            case .secureTransport: connection.secureTransport ? "true" : "false"
            }
        return ConditionTrace(
            operatorName: note.operatorName, key: condition.key, seen: seen, matched: matched, position: note.position)
    }

    private func summary(applied trace: StatementTrace) -> Explanation.Summary {
        let first = trace.conditions.first
        return Explanation.Summary(statement: trace.label, condition: first?.name, value: first?.seen)
    }

    /// A statement for other routes or actions is further away than one for this route with failing conditions.
    private func summary(closest traces: [StatementTrace], _ request: RequestFacts) -> Explanation.Summary {
        func distance(_ trace: StatementTrace) -> (Int, Int) {
            let otherThings = (trace.actionMatched ? 0 : 1) + (trace.resourceMatched ? 0 : 1)
            return (otherThings, trace.conditions.count { !$0.matched })
        }
        let allows = traces.filter { $0.effect == .allow }
        guard let closest = allows.min(by: { distance($0) < distance($1) }) else { return Explanation.Summary() }
        if !closest.actionMatched {
            let invoke = PolicyAction.invoke.rawValue
            return Explanation.Summary(statement: closest.label, condition: "Action", value: invoke)
        }
        if !closest.resourceMatched {
            let resource = scope.arnPrefix + shown(request.resource)
            return Explanation.Summary(statement: closest.label, condition: "Resource", value: resource)
        }
        let failed = closest.conditions.first { !$0.matched }
        return Explanation.Summary(statement: closest.label, condition: failed?.name, value: failed?.seen)
    }

    private func shown(_ bytes: UnsafeRawBufferPointer) -> String {
        let limit = ConditionTrace.maximumSeen
        guard bytes.count > limit else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.prefix(limit), as: UTF8.self) + "…"
    }
}
