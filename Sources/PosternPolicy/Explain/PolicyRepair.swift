/// Finds the fewest changes of a document after which one request is allowed.
struct PolicyRepair {
    let probe: StatementProbe
    private var document: DocumentNode
    private var edits: [DocumentEdit] = []

    /// How many of the nearest `Allow` statements are tried.
    private static let maximumTried = 16

    init(_ document: DocumentNode, probe: StatementProbe) {
        self.document = document
        self.probe = probe
    }

    /// - Returns: nothing if the request is allowed, or if no change was found.
    static func changes(
        of document: DocumentNode, _ traces: [StatementTrace], _ decision: Decision, probe: StatementProbe
    ) -> [DocumentEdit] {
        if case .allow = decision { return [] }
        var repair = PolicyRepair(document, probe: probe)
        return repair.run(traces) ? repair.edits : []
    }

    private mutating func run(_ traces: [StatementTrace]) -> Bool {
        let enforced = traces.indices.filter { !traces[$0].isShadow }
        var doomed: [Int] = []
        for index in enforced where traces[index].effect == .deny && traces[index].applied {
            if !spare(index, traces[index].label) { doomed.append(index) }
        }
        let isAllowed = enforced.contains { traces[$0].effect == .allow && traces[$0].applied }
        if !isAllowed, !allow(traces) {
            guard let statement = newStatement() else { return false }
            add(statement, insteadOf: doomed)
            if isLone { return true }
        }
        for index in doomed.reversed() { remove(index, traces[index].label) }
        return true
    }

    // MARK: The statements that are there

    private var isLone: Bool { if case .object = document.member("Statement")?.value.value { true } else { false } }

    private func path(_ index: Int) -> [DocumentEdit.Step] {
        isLone ? [.member("Statement")] : [.member("Statement"), .element(index)]
    }

    private func statement(_ index: Int) -> DocumentNode { document.member("Statement")!.value.elements[index] }

    private func editor(_ index: Int, _ label: String) -> StatementEditor? {
        StatementEditor(statement(index), label: label, probe: probe)
    }

    private mutating func spare(_ index: Int, _ label: String) -> Bool {
        guard var editor = editor(index, label), let found = editor.makeSpare() else { return false }
        make(found, in: index)
        return true
    }

    /// Changes the `Allow` that takes the fewest changes; of several, the one that came closest.
    private mutating func allow(_ traces: [StatementTrace]) -> Bool {
        let candidates = traces.indices
            .filter { traces[$0].effect == .allow && (!traces[$0].isShadow || traces[$0].applied) }
            .sorted { rank(traces[$0]) < rank(traces[$1]) }
        var best: (index: Int, edits: [DocumentEdit])?
        for index in candidates.prefix(PolicyRepair.maximumTried) {
            if let best, best.edits.count <= rank(traces[index]).0 { break }
            guard var editor = editor(index, traces[index].label), let found = editor.makeApply() else { continue }
            if found.count < best?.edits.count ?? .max { best = (index, found) }
        }
        guard let best else { return false }
        make(best.edits, in: best.index)
        return true
    }

    /// Parts that fail, then how far that is.
    private func rank(_ trace: StatementTrace) -> (Int, Int) {
        let (other, conditions) = trace.distance
        return (other + conditions + (trace.isShadow ? 1 : 0), other)
    }

    private mutating func make(_ found: [DocumentEdit], in index: Int) {
        let placed = found.map { $0.below(path(index)) }
        document = placed.apply(to: document)!
        edits += placed
    }

    private mutating func remove(_ index: Int, _ label: String) {
        let edit = DocumentEdit(
            path: path(index), operation: .remove, position: statement(index).position,
            text: "remove the statement \(quoted(label))")
        edits.append(edit)
        document = edit.apply(to: document)!
    }

    // MARK: A new one

    private mutating func add(_ new: DocumentNode, insteadOf doomed: [Int]) {
        let whole = document.member("Statement")!
        let path: [DocumentEdit.Step] = [.member("Statement")]
        let place = whole.value.position
        let edit =
            if !isLone {
                DocumentEdit(
                    path: path + [.end], operation: .add(new), position: place,
                    text: "add the statement \(new.compactJSON)")
            } else if doomed.isEmpty {
                DocumentEdit(
                    path: path, operation: .replace(DocumentNode(.array([whole.value, new]), at: place)),
                    position: place, text: "add the statement \(new.compactJSON)")
            } else {
                DocumentEdit(
                    path: path, operation: .replace(new), position: place,
                    text: "write the statement \(new.compactJSON) for the one that denies")
            }
        edits.append(edit)
        document = edit.apply(to: document)!
    }

    /// An `Allow` for this resource and this source alone.
    private func newStatement() -> DocumentNode? {
        let place = document.member("Statement")!.value.position
        func text(_ value: String) -> DocumentNode { .text(value, at: place) }
        let blank = DocumentNode.mapping(
            [
                ("Effect", text("Allow")), ("Principal", text("*")),
                ("Action", text(PolicyAction.invoke.rawValue)), ("Resource", text("*")),
            ], at: place)
        guard let editor = StatementEditor(blank, label: "", probe: probe) else { return nil }
        let principal = probe.facts.identities.first.map { caller in
            DocumentNode.mapping([(caller.written.kind, text(caller.written.name))], at: place)
        }
        var conditions: [(String, DocumentNode)] = []
        if let endpoint = probe.facts.sourceVpce {
            let value = editor.literal(endpoint, wildcards: false)
            conditions.append(("StringEquals", .mapping([("aws:SourceVpce", text(value))], at: place)))
        }
        if let address = probe.facts.sourceIP {
            conditions.append(("IpAddress", .mapping([("aws:SourceIp", text("\(address)"))], at: place)))
        }
        func statement(_ principal: DocumentNode, _ conditions: [(String, DocumentNode)]) -> DocumentNode {
            let condition = conditions.isEmpty ? [] : [("Condition", DocumentNode.mapping(conditions, at: place))]
            return .mapping(
                [
                    ("Effect", text("Allow")), ("Principal", principal),
                    ("Action", text(PolicyAction.invoke.rawValue)), ("Resource", text(editor.resource)),
                ] + condition, at: place)
        }
        let proposals = [statement(principal ?? text("*"), conditions), statement(text("*"), [])]
        return proposals.first { probe.trace($0)?.applied == true }
    }
}
