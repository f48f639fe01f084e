extension Policy {
    /// Decides once more, keeping what each statement came to.
    package func explain(_ facts: ConnectionFacts, _ request: RequestFacts) -> Explanation {
        var request = request
        // One point in time for the decision and all that is told of it.
        if compiled.tables.asksForTime, request.time == nil { request.time = .now }
        let bound = bind(facts)
        let decision = bound.decide(request)
        let traces = traces(facts, request)
        let deciding: Int? =
            switch decision {
            case .allow(let statement), .explicitDeny(let statement): statement
            case .implicitDeny: nil
            }
        return Explanation(
            decision: decision, decidingStatement: deciding.map { statements[$0].label },
            position: deciding.map { statements[$0].position }, statements: traces,
            summary: deciding.map { summary(applied: traces[$0]) } ?? summary(closest: traces, facts, request),
            shadow: bound.shadowDecision(request))
    }

    /// What becomes of each statement; the request's time is settled.
    func traces(_ facts: ConnectionFacts, _ request: RequestFacts) -> [StatementTrace] {
        facts.withView { connection in
            compiled.withView { policy in
                statements.indices.map {
                    trace($0, RequestSource(connection: connection, request: request), policy)
                }
            }
        }
    }

    private func trace(_ index: Int, _ facts: RequestSource, _ policy: PolicyView) -> StatementTrace {
        let note = statements[index]
        let program = policy.statements[index]
        let conditions = (0..<Int(program.connectionConditions + program.requestConditions))
            .map { trace(condition: Int(program.conditions) + $0, facts, policy) }
            .sorted { ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column) }
        let principals = program.principals.map { compiled.tables.principals[Int($0)] }
        let principalMatched = principals?.admits(facts.connection.rarer.identities) ?? true
        let resourceMatched = policy.matchesResource(program, facts)
        return StatementTrace(
            label: note.label, effect: note.effect, position: note.position,
            applied: note.coversInvoke && principalMatched && resourceMatched && conditions.allSatisfy(\.matched),
            isShadow: note.isShadow, principalMatched: principalMatched, actionMatched: note.coversInvoke,
            resourceMatched: resourceMatched, conditions: conditions)
    }

    private func trace(condition index: Int, _ facts: RequestSource, _ policy: PolicyView) -> ConditionTrace {
        let condition = policy.conditions[index]
        let note = compiled.tables.conditionNotes[index]
        let key = compiled.tables.keys[Int(condition.keyIndex)]
        let seen: String? =
            switch facts.values(of: key) {
            case .absent: nil
            case .one(.text(let bytes)): shown(bytes)
            case .one(let value): String(decoding: value.text, as: UTF8.self)
            case .texts(let texts): texts.isEmpty ? nil : ConditionTrace.cut(texts.joined(separator: ", "))
            }
        return ConditionTrace(
            operatorName: note.operatorName, key: key, seen: seen, matched: policy.holds(condition, facts),
            position: note.position)
    }

    private func summary(applied trace: StatementTrace) -> Explanation.Summary {
        let first = trace.conditions.first
        return Explanation.Summary(statement: trace.label, condition: first?.name, value: first?.seen)
    }

    /// A statement for other routes or actions is further away than one for this route with failing conditions.
    private func summary(
        closest traces: [StatementTrace], _ facts: ConnectionFacts, _ request: RequestFacts
    ) -> Explanation.Summary {
        let allows = traces.filter { $0.effect == .allow && !$0.isShadow }
        guard let closest = allows.min(by: { $0.distance < $1.distance }) else { return Explanation.Summary() }
        if !closest.actionMatched {
            let invoke = PolicyAction.invoke.rawValue
            return Explanation.Summary(statement: closest.label, condition: "Action", value: invoke)
        }
        if !closest.resourceMatched {
            let resource = scope.arnPrefix + shown(request.resource)
            return Explanation.Summary(statement: closest.label, condition: "Resource", value: resource)
        }
        if !closest.principalMatched {
            return Explanation.Summary(statement: closest.label, condition: "Principal", value: facts.callerText)
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

extension ConnectionFacts {
    /// All that the caller is known as, `UnixUser orders`; nil for an anonymous one.
    var callerText: String? {
        let callers = identities.map { "\($0.written.kind) \($0.written.name)" }
        return callers.isEmpty ? nil : ConditionTrace.cut(callers.joined(separator: ", "))
    }
}
