extension Policy {
    /// Explains with the document that the policy was compiled from: what each condition wanted, which of the listed values
    /// were met, and the fewest changes after which the request would be allowed.
    ///
    /// For people who ask: it reads statements anew, each in the time of its compilation.
    ///
    /// - Parameter document: nil where it is not to be had any more; the explanation then lacks what it would say.
    package func explain(
        _ facts: ConnectionFacts, _ request: RequestFacts, document: DocumentNode?
    ) -> Explanation {
        var request = request
        if request.time == nil { request.time = .now }
        var explanation = explain(facts, request)
        guard let document else { return explanation }
        let nodes = document.member("Statement")?.value.elements ?? []
        // Another document than the one that was compiled has nothing to say.
        guard nodes.map(\.position) == statements.map(\.position) else { return explanation }
        let probe = StatementProbe(
            version: document.member("Version"), scope: scope, facts: facts, request: request)
        for index in nodes.indices {
            annotate(&explanation.statements[index], nodes[index], probe)
        }
        explanation.changes = PolicyRepair.changes(
            of: document, explanation.statements, explanation.decision, probe: probe)
        return explanation
    }

    private func annotate(_ trace: inout StatementTrace, _ statement: DocumentNode, _ probe: StatementProbe) {
        trace.elements = PolicyCompiler.pairs.flatMap { name in
            [name, "Not\(name)"].compactMap { statement.member($0) }.map { element(name, $0, trace, probe) }
        }
        let sites = ConditionSite.all(of: statement)
        for index in trace.conditions.indices {
            guard let site = sites.first(where: { $0.isTraced(by: trace.conditions[index]) }) else { continue }
            let values = site.values.elements
            trace.conditions[index].wanted = WantedValues(site.comparison, values)
            trace.conditions[index].hit = probe.hits(site, limit: 1)?.first.map { place in
                ListedValue(text: ConditionTrace.cut(values[place].scalarText), position: values[place].position)
            }
        }
    }

    private func element(
        _ name: String, _ member: DocumentNode.Member, _ trace: StatementTrace, _ probe: StatementProbe
    ) -> ElementTrace {
        let seen: String?
        let matched: Bool
        switch name {
        case "Principal":
            (seen, matched) = (probe.facts.callerText, trace.principalMatched)
        case "Action": (seen, matched) = (PolicyAction.invoke.rawValue, trace.actionMatched)
        default:
            (seen, matched) = (ConditionTrace.cut(probe.resource), trace.resourceMatched)
        }
        // `{"AWS": […]}` is a list of its kinds' names.
        let listed =
            member.value.members.isEmpty ? member.value.elements : member.value.members.flatMap(\.value.elements)
        return ElementTrace(
            name: member.key, seen: seen, wanted: WantedValues(listed, isExcluding: member.key != name),
            matched: matched, position: member.keyPosition)
    }
}
