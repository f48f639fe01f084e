/// Looks through one policy. What is told of its meaning is worked out over the partition of all requests, so it holds for
/// every one of them.
package struct PolicyLint {
    private let analysed: AnalysedPolicy
    private let routes: AnalysedRoutes?
    private var findings: [LintFinding] = []

    /// - Parameter routes: the API's; without them resources are not held against routes.
    /// - Returns: in the document's order.
    /// - Throws: what keeps the document from being compiled, but for what lint has a rule about.
    package static func findings(
        in document: DocumentNode, for scope: PolicyScope, routes: AnalysedRoutes?
    ) throws(Diagnostics) -> [LintFinding] {
        let inDocument = documentFindings(document)
        do throws(Diagnostics) {
            let analysed = try AnalysedPolicy.compile(document, for: scope)
            var lint = PolicyLint(analysed: analysed, routes: routes, findings: inDocument)
            lint.run()
            return lint.findings.sorted()
        } catch {
            let known = Set(inDocument.filter { $0.rule == .notPrincipalAllow }.map(\.position))
            let others = error.all.filter { !known.contains($0.position) }
            if others.isEmpty { return inDocument.sorted() }
            throw Diagnostics(others)
        }
    }

    private var policy: Policy { analysed.policy }
    private var tables: PolicyTables { policy.compiled.tables }

    private mutating func run() {
        findings += policy.warnings.map { LintFinding(.warning, at: $0.position, $0.message, hint: $0.hint) }
        do throws(AnalysisLimit) {
            let (clauses, statements) = allClauses
            let partition = try PolicyPartition(clauses, scope: policy.scope, routes: routes)
            let reach = ClauseReach(partition)
            checkConditions(try conditionOutcomes())
            // Partitions are of one API's methods. Of an endpoint's or a domain's policy the rest is not told; that it admits
            // everyone is what it is for, as often as not.
            guard policy.scope.subject == .api else { return }
            for index in policy.statements.indices where !statements[index].isEmpty {
                try checkReach(index, statements[index], reach)
                checkWidth(index, statements[index], reach)
            }
            try checkRoutes()
        } catch {
            findings.append(
                LintFinding(.notAnalysed, at: analysed.document.position, error.description, hint: "split the policy"))
        }
    }

    /// The clauses of all statements that can apply, and of each statement their numbers.
    private var allClauses: (clauses: [Clause], ofStatement: [[Int]]) {
        let clauses = policy.compiled.clauses
        var numbers = [[Int]](repeating: [], count: policy.statements.count)
        for (number, clause) in clauses.enumerated() { numbers[clause.statement].append(number) }
        return (clauses, numbers)
    }

    // MARK: Statements

    private mutating func checkReach(_ index: Int, _ clauses: [Int], _ reach: ClauseReach) throws(AnalysisLimit) {
        let note = policy.statements[index]
        if !clauses.contains(where: reach.canApply) {
            findings.append(
                LintFinding(
                    .unreachableStatement, at: note.position,
                    "statement `\(note.label)` can never apply: no request meets all that it asks for",
                    hint: "its conditions or resources exclude each other; correct or remove it"))
            return
        }
        guard note.effect == .allow else { return }
        for clause in clauses where try reach.isEverDecisive(clause) { return }
        findings.append(
            LintFinding(
                .unreachableStatement, at: note.position,
                "statement `\(note.label)` can never decide: every request that it allows is denied",
                hint: "remove it, or narrow the Deny"))
    }

    private mutating func checkWidth(_ index: Int, _ clauses: [Int], _ reach: ClauseReach) {
        let note = policy.statements[index]
        guard note.effect == .allow, clauses.contains(where: reach.admitsEveryone) else { return }
        findings.append(
            LintFinding(
                .admitsEveryone, at: note.position,
                "statement `\(note.label)` admits everyone who can reach a listener",
                hint: "add a condition such as `StringEquals` on `aws:SourceVpce`, or a Deny that fences it"))
    }

    // MARK: Conditions

    /// Of each condition of a statement that can apply, whether it holds for some value of its fact, and fails for some; nil
    /// if no single fact decides.
    private func conditionOutcomes() throws(AnalysisLimit) -> [Int: (holds: Bool, fails: Bool)] {
        var parts: [Clause] = []
        var indices: [Int] = []
        for (index, program) in tables.statements.enumerated() {
            let start = Int(program.conditions)
            for condition in start..<start + Int(program.connectionConditions + program.requestConditions) {
                let part = policy.compiled.withView { policy.compiled.part(condition: condition, $0) }
                if case .unresolved = part.fact { continue }
                parts.append(Clause(statement: index, isDeny: false, parts: [part]))
                indices.append(condition)
            }
        }
        let partition = try PolicyPartition(parts, scope: policy.scope, routes: AnalysedRoutes(stages: [], routes: []))
        var outcomes: [Int: (holds: Bool, fails: Bool)] = [:]
        for dimension in partition.dimensions where dimension.fact != .resource {
            var some = BitSet(count: parts.count)
            var all = BitSet(count: parts.count, full: true)
            for found in dimension.classes {
                some.formUnion(found.clauses)
                all.formIntersection(found.clauses)
            }
            for part in dimension.asking.members { outcomes[indices[part]] = (some[part], !all[part]) }
        }
        return outcomes
    }

    private mutating func checkConditions(_ outcomes: [Int: (holds: Bool, fails: Bool)]) {
        for (index, condition) in tables.conditions.enumerated() {
            let note = tables.conditionNotes[index]
            let key = tables.keys[Int(condition.keyIndex)]
            let name = "`\(note.operatorName) \(key.rawValue)`"
            if note.operatorName.hasSuffix("IfExists"), Fact(key).isAlwaysThere {
                findings.append(
                    LintFinding(
                        .needlessIfExists, at: note.position, "\(name): every request has `\(key.rawValue)`",
                        hint: "leave out `IfExists`"))
            }
            guard let outcome = outcomes[index] else { continue }
            if !outcome.fails {
                findings.append(
                    LintFinding(
                        .alwaysTrue, at: note.position, "\(name) holds for every request", hint: "remove it"))
            } else if !outcome.holds {
                findings.append(
                    LintFinding(
                        .alwaysFalse, at: note.position, "\(name) holds for no request",
                        hint: "the statement never applies; correct it or remove the statement"))
            }
        }
    }

    // MARK: Resources

    /// Each resource alone against the routes.
    private mutating func checkRoutes() throws(AnalysisLimit) {
        guard let routes else { return }
        let version = analysed.document.member("Version").map { [$0] } ?? []
        var nodes: [DocumentNode] = []
        var positions: [String: [DocumentNode]] = [:]
        for statement in analysed.document.statementNodes {
            for name in ["Resource", "NotResource"] {
                for node in statement.member(name)?.value.elements ?? [] {
                    guard case .string(let text) = node.value else { continue }
                    if positions[text] == nil { nodes.append(node) }
                    positions[text, default: []].append(node)
                }
            }
        }
        let statements = nodes.map { PolicyLint.allowing($0) }
        let document = DocumentNode(
            .object(version + [PolicyLint.member("Statement", .array(statements), nodes[0])]), at: nodes[0].position)
        guard let compiled = try? Policy.compile(document, for: policy.scope).compiled else { return }
        let clauses = compiled.clauses
        let partition = try PolicyPartition(clauses, scope: policy.scope, routes: routes)
        guard let dimension = partition.dimensions.first(where: { $0.fact == .resource }) else { return }
        var reached = BitSet(count: clauses.count)
        for found in dimension.classes { reached.formUnion(found.clauses) }
        let matching = Set(reached.members.map { clauses[$0].statement })
        let hasVariables = Set(clauses.filter { $0.parts.contains { $0.fact != .resource } }.map(\.statement))
        for (index, node) in nodes.enumerated() {
            guard case .string(let text) = node.value, !matching.contains(index), !hasVariables.contains(index) else {
                continue
            }
            // What matches nothing of any API is the compiler's to say.
            guard !clauses.allSatisfy({ $0.statement != index }) else { continue }
            findings += positions[text]!.map {
                LintFinding(
                    .resourceWithoutRoute, at: $0.position, "the resource \(quoted(text)) matches no route of the API",
                    hint: "`postern routes` lists them; resources are `execute-api:/{stage}/{METHOD}/{path}`")
            }
        }
    }

    private static func allowing(_ resource: DocumentNode) -> DocumentNode {
        func text(_ text: String) -> DocumentNode.Value { .string(text) }
        return DocumentNode(
            .object([
                member("Effect", text("Allow"), resource), member("Principal", text("*"), resource),
                member("Action", text("execute-api:Invoke"), resource),
                DocumentNode.Member(key: "Resource", keyPosition: resource.position, value: resource),
            ]), at: resource.position)
    }

    private static func member(_ key: String, _ value: DocumentNode.Value, _ at: DocumentNode) -> DocumentNode.Member {
        DocumentNode.Member(key: key, keyPosition: at.position, value: DocumentNode(value, at: at.position))
    }
}

extension [LintFinding] {
    fileprivate func sorted() -> [LintFinding] {
        sorted { left, right in
            (left.position.line, left.position.column, left.rule.rawValue)
                < (right.position.line, right.position.column, right.rule.rawValue)
        }
    }
}
