/// Proposes changes of one statement for one request, and keeps those that the engine confirms.
struct StatementEditor {
    let probe: StatementProbe
    let label: String
    /// Paths of the edits begin in the statement.
    private(set) var edits: [DocumentEdit] = []
    private(set) var statement: DocumentNode
    private(set) var trace: StatementTrace

    /// nil if the statement alone is refused.
    init?(_ statement: DocumentNode, label: String, probe: StatementProbe) {
        guard let trace = probe.trace(statement) else { return nil }
        self.probe = probe
        self.label = label
        self.statement = statement
        self.trace = trace
    }

    /// Takes the first of the proposals that does what is wanted.
    mutating func take(_ proposals: [[DocumentEdit]], if isBetter: (StatementTrace) -> Bool) -> Bool {
        for proposal in proposals where !proposal.isEmpty {
            guard let changed = proposal.apply(to: statement), let trace = probe.trace(changed), isBetter(trace) else {
                continue
            }
            edits += proposal
            statement = changed
            self.trace = trace
            return true
        }
        return false
    }

    // MARK: Edits

    /// Puts values behind those of a list; a lone value becomes a list.
    func append(_ values: [String], to node: DocumentNode, _ path: [DocumentEdit.Step], _ name: String)
        -> [DocumentEdit]
    {
        let added = values.map { DocumentNode.text($0, at: node.position) }
        let words = "add \(values.map { quoted($0) }.joined(separator: ", ")) to `\(name)` of \(quoted(label))"
        guard case .array = node.value else {
            let list = DocumentNode(.array([node] + added), at: node.position)
            return [DocumentEdit(path: path, operation: .replace(list), position: node.position, text: words)]
        }
        return zip(values, added).map { value, node in
            DocumentEdit(
                path: path + [.end], operation: .add(node), position: node.position,
                text: "add \(quoted(value)) to `\(name)` of \(quoted(label))")
        }
    }

    /// Takes elements out of a list, the last first; nothing if none would be left.
    func remove(_ places: [Int], from node: DocumentNode, _ path: [DocumentEdit.Step], _ name: String) -> [DocumentEdit]
    {
        guard case .array(let elements) = node.value, places.count < elements.count else { return [] }
        return places.sorted(by: >).map { place in
            DocumentEdit(
                path: path + [.element(place)], operation: .remove, position: elements[place].position,
                text: "remove \(quoted(elements[place].scalarText)) from `\(name)` of \(quoted(label))")
        }
    }

    func replace(
        _ node: DocumentNode, by text: String, _ path: [DocumentEdit.Step], _ name: String
    ) -> [DocumentEdit] {
        [
            DocumentEdit(
                path: path, operation: .replace(.text(text, at: node.position)), position: node.position,
                text: "write \(quoted(text)) for \(quoted(node.scalarText)) in `\(name)` of \(quoted(label))")
        ]
    }

    /// Adds a condition, under its operator's mapping if there is one.
    func add(_ operatorName: String, _ key: String, _ value: String, at place: SourcePosition) -> [DocumentEdit] {
        let words = "add the condition `\(operatorName)` `\(key)` \(quoted(value)) to \(quoted(label))"
        func edit(_ path: [DocumentEdit.Step], _ node: DocumentNode, _ position: SourcePosition) -> [DocumentEdit] {
            [DocumentEdit(path: path, operation: .add(node), position: position, text: words)]
        }
        let text = DocumentNode.text(value, at: place)
        let block = DocumentNode.mapping([(key, text)], at: place)
        guard let condition = statement.member("Condition") else {
            return edit([.member("Condition")], .mapping([(operatorName, block)], at: place), place)
        }
        let written = condition.value.members.first { asciiLowercased($0.key) == asciiLowercased(operatorName) }
        guard let written else {
            return edit([.member("Condition"), .member(operatorName)], block, condition.value.position)
        }
        return edit([.member("Condition"), .member(written.key), .member(key)], text, written.value.position)
    }

    /// Takes a condition away, and its operator with the last key.
    func remove(_ site: ConditionSite) -> [DocumentEdit] {
        let keys = statement.member("Condition")?.value.member(site.operatorName)?.value.members ?? []
        return [
            DocumentEdit(
                path: keys.count > 1 ? site.path : site.operatorPath, operation: .remove, position: site.position,
                text: "remove the condition `\(site.name)` from \(quoted(label))")
        ]
    }

    /// What was seen as a value that equals it alone; nil for the kinds that have no such value.
    func literal(_ seen: String, for comparison: ConditionOperator) -> String? {
        switch comparison.family {
        case .text: literal(seen, wildcards: comparison.hasWildcards)
        case .arn: literal(seen, wildcards: true)
        case .address: IPAddress(seen).map { "\($0)/\($0.isV4 ? 32 : 128)" }
        case .number, .date: seen
        default: nil
        }
    }

    /// A text that means itself, whatever wildcards and variables it holds.
    func literal(_ text: String, wildcards: Bool) -> String {
        guard case .string("2012-10-17") = probe.version?.value.value else { return text }
        var literal = ""
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if wildcards, scalar == "*" || scalar == "?" {
                literal += "${\(scalar)}"
            } else if scalar == "$", rest.first == "{" {
                literal += "${$}"
            } else {
                literal.unicodeScalars.append(scalar)
            }
        }
        return literal
    }

    /// The request's resource as a value of `Resource`.
    var resource: String {
        literal(probe.resource, wildcards: true)
    }
}
