extension PolicyCompiler {
    static let statementElements = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]
    static let unsupportedElements = ["NotPrincipal", "NotAction", "NotResource"]

    mutating func compileStatement(_ node: DocumentNode) {
        guard case .object(let members) = node.value else {
            return error(at: node, "a statement must be a mapping, found \(node.kindName)")
        }
        checkStatementNames(members)
        func member(_ name: String) -> DocumentNode.Member? { members.first { $0.key == name } }
        func isMissing(_ name: String) -> Bool { member(name) == nil && member("Not\(name)") == nil }

        let sid = member("Sid").flatMap { readSid($0.value) }
        let effect = member("Effect").flatMap { readEffect($0.value) }
        for name in ["Effect", "Principal", "Action", "Resource"] where isMissing(name) {
            error(at: node, "the statement has no `\(name)`")
        }
        if let principal = member("Principal") { checkPrincipal(principal.value) }
        let coversInvoke = member("Action").map { readActions($0.value) } ?? false
        let resources = member("Resource").map { readResources($0.value) } ?? []
        let conditions = member("Condition").map { readConditions($0.value) } ?? []

        let index = tables.statements.count
        tables.notes.append(
            StatementNote(
                sid: sid, effect: effect ?? .deny, position: node.position, label: sid ?? "#\(index + 1)",
                coversInvoke: coversInvoke))
        append(conditions, of: effect ?? .deny, coversInvoke, resources)
    }

    private mutating func append(
        _ conditions: [CompiledCondition], of effect: Effect, _ coversInvoke: Bool, _ resources: [PatternText]
    ) {
        let onConnection = conditions.filter { !$0.condition.key.isRequestFact }
        let onRequest = conditions.filter { $0.condition.key.isRequestFact }
        let everything = PatternText(wildcards: "*".utf8)
        let coversAll = resources.contains(everything)
        tables.statements.append(
            StatementProgram(
                resources: tables.patterns.add(coversAll ? [everything] : resources),
                conditions: UInt32(tables.conditions.count), connectionConditions: UInt32(onConnection.count),
                requestConditions: UInt32(onRequest.count), isDeny: effect == .deny,
                canApply: coversInvoke && !resources.isEmpty, coversAllResources: coversAll))
        tables.conditions += (onConnection + onRequest).map(\.condition)
        tables.conditionNotes += (onConnection + onRequest).map(\.note)
    }

    private mutating func checkStatementNames(_ members: [DocumentNode.Member]) {
        let unsupported = PolicyCompiler.unsupportedElements
        for member in members where unsupported.contains(member.key) {
            error(at: member.keyPosition, "`\(member.key)` is not supported yet")
        }
        checkNames(
            members.filter { !unsupported.contains($0.key) }, known: PolicyCompiler.statementElements,
            of: "a statement")
    }

    /// An empty `Sid`, which some tools write, is none.
    private mutating func readSid(_ node: DocumentNode) -> String? {
        guard let sid = text(node, of: "Sid"), !sid.isEmpty else { return nil }
        if let first = sids[sid] {
            error(
                at: node, "two statements have the `Sid` \(quoted(sid))",
                hint: "first at \(first.file):\(first.line):\(first.column)")
        } else {
            sids[sid] = node.position
        }
        return sid
    }

    private mutating func readEffect(_ node: DocumentNode) -> Effect? {
        guard let written = text(node, of: "Effect") else { return nil }
        if let effect = Effect(rawValue: written) { return effect }
        let known = Effect.allCases.map(\.rawValue)
        error(
            at: node, "unknown effect \(quoted(written))",
            hint: didYouMean(written, known) ?? "expected `Allow` or `Deny`")
        return nil
    }

    /// Everyone is the only principal so far: `"*"`, or `{"AWS": "*"}`, which means the same in a resource policy.
    private mutating func checkPrincipal(_ node: DocumentNode) {
        switch node.value {
        case .string("*"): break
        case .string(let name):
            error(at: node, "\(quoted(name)) is not a principal", hint: "expected `\"*\"` or `{\"AWS\": \"*\"}`")
        case .object(let members) where members.isEmpty: error(at: node, "`Principal` names nobody")
        case .object(let members): for member in members { checkPrincipal(member) }
        default: error(at: node, "`Principal` must be `\"*\"` or a mapping, found \(node.kindName)")
        }
    }

    private mutating func checkPrincipal(_ member: DocumentNode.Member) {
        let known = ["AWS", "Federated", "Service", "CanonicalUser"]
        guard known.contains(member.key) else {
            return error(
                at: member.keyPosition, "unknown kind of principal \(quoted(member.key))",
                hint: didYouMean(member.key, known))
        }
        guard member.key == "AWS" else {
            return error(at: member.keyPosition, "`\(member.key)` principals are not supported yet")
        }
        for node in list(member.value, of: member.key) {
            guard let name = text(node, of: member.key), name != "*" else { continue }
            error(at: node, "the principal \(quoted(name)) is not supported yet", hint: "only `*` is, so far")
        }
    }
}
