extension PolicyCompiler {
    static let pairs = ["Principal", "Action", "Resource"]
    static let statementElements =
        ["Sid", "Effect", "Condition", modeElement] + pairs + pairs.map { "Not\($0)" }
    /// Ours, not AWS's.
    static let modeElement = "postern:Mode"

    mutating func compileStatement(_ node: DocumentNode) {
        guard case .object(let members) = node.value else {
            return error(at: node, "a statement must be a mapping, found \(node.kindName)")
        }
        checkNames(members, known: PolicyCompiler.statementElements, of: "a statement")
        func member(_ name: String) -> DocumentNode.Member? { members.first { $0.key == name } }

        let sid = member("Sid").flatMap { readSid($0.value) }
        let effect = member("Effect").flatMap { readEffect($0.value) }
        if member("Effect") == nil { error(at: node, "the statement has no `Effect`") }
        let principal = pair("Principal", of: members, node)
        let action = pair("Action", of: members, node)
        let resource = pair("Resource", of: members, node)

        var program = StatementProgram(
            resources: PatternRange(), conditions: 0, connectionConditions: 0, requestConditions: 0,
            isDeny: effect == .deny, canApply: true, coversAllResources: false)
        program.isShadow = member(PolicyCompiler.modeElement).map { isShadow($0.value) } ?? false
        program.principals = principal.flatMap { readPrincipals($0, effect) }
        var coversInvoke = true
        if dialect == .gateway {
            coversInvoke = action.map { readActions($0) } ?? false
            if let resource { readResources(resource, into: &program) }
            program.canApply = program.canApply && coversInvoke
        } else {
            var statement = StandaloneStatement()
            if let action { readAnyActions(action, into: &statement) }
            if let resource { readAnyResources(resource, into: &statement) }
            standalone.append(statement)
        }
        let conditions = member("Condition").map { readConditions($0.value) } ?? []

        let index = tables.statements.count
        tables.notes.append(
            StatementNote(
                sid: sid, effect: effect ?? .deny, position: node.position, label: sid ?? "#\(index + 1)",
                isShadow: program.isShadow, coversInvoke: coversInvoke))
        append(program, conditions)
    }

    private mutating func append(_ statement: StatementProgram, _ conditions: [CompiledCondition]) {
        var statement = statement
        let onConnection = conditions.filter { !$0.asksRequest }
        let onRequest = conditions.filter { $0.asksRequest }
        statement.conditions = UInt32(tables.conditions.count)
        statement.connectionConditions = UInt32(onConnection.count)
        statement.requestConditions = UInt32(onRequest.count)
        statement.isPlain =
            statement.templates.isEmpty && !statement.excludesResources && onRequest.allSatisfy(\.isPlain)
        if !statement.isPlain { tables.needsContext = true }
        if onRequest.contains(where: \.asksTime) || !statement.templates.isEmpty { tables.asksForTime = true }
        tables.statements.append(statement)
        tables.conditions += (onConnection + onRequest).map(\.condition)
        tables.conditionNotes += (onConnection + onRequest).map(\.note)
    }

    /// `Action` or `NotAction`: exactly one of the two. An identity's policy names no principal.
    private mutating func pair(
        _ name: String, of members: [DocumentNode.Member], _ node: DocumentNode
    ) -> DocumentNode.Member? {
        let found = members.filter { $0.key == name || $0.key == "Not\(name)" }
        if name == "Principal", dialect == .anyIdentity {
            if let first = found.first {
                error(at: first.keyPosition, "an identity's policy has no `\(first.key)`")
            }
            return nil
        }
        if found.isEmpty { error(at: node, "the statement has no `\(name)`") }
        if found.count > 1 {
            error(
                at: found[1].keyPosition, "the statement has both `\(found[0].key)` and `\(found[1].key)`",
                hint: "keep one of them")
        }
        return found.first
    }

    private mutating func isShadow(_ node: DocumentNode) -> Bool {
        guard let mode = text(node, of: PolicyCompiler.modeElement) else { return false }
        if mode != "shadow" {
            error(at: node, "unknown mode \(quoted(mode))", hint: "expected `shadow`, or no `postern:Mode`")
        }
        return mode == "shadow"
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
}
