import PosternModel
import PosternPolicy

/// Reads one mapping key by key: wrong types, missing keys and, at the end, keys that nobody asked for go to the
/// report.
final class MappingReader {
    /// What messages call the mapping: "a listener".
    let title: String
    let position: SourcePosition
    let report: ProblemReport
    private let members: [DocumentNode.Member]
    private var known: [String] = []

    /// nil, with the problem reported, when the node is no mapping. An empty value counts as an empty mapping.
    init?(_ node: DocumentNode, _ title: String, _ report: ProblemReport) {
        switch node.value {
        case .object(let members): self.members = members
        case .null: members = []
        default:
            report.error(at: node.position, "\(title) is \(node.kindName)", hint: "expected a mapping, `key: value`")
            return nil
        }
        self.title = title
        self.report = report
        position = node.position
    }

    func member(_ key: String) -> DocumentNode.Member? {
        if !known.contains(key) { known.append(key) }
        return members.first { $0.key == key }
    }

    func node(_ key: String) -> DocumentNode? { member(key)?.value }

    /// - parameter example: a line that would be right, for the hint.
    func required(_ key: String, example: String) -> DocumentNode? {
        if let node = node(key) { return node }
        report.error(at: position, "\(title) has no `\(key)`", hint: "add `\(example)`")
        return nil
    }

    func text(_ key: String) -> Positioned<String>? { node(key)?.text(key, report) }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? { node(key)?.integer(key, in: range, report) }

    func flag(_ key: String) -> Bool? {
        guard let node = node(key) else { return nil }
        if case .bool(let value) = node.value { return value }
        node.mismatch(key, "true or false", report)
        return nil
    }

    /// Milliseconds.
    func duration(_ key: String, in range: ClosedRange<Int>) -> Int? { node(key)?.duration(key, in: range, report) }

    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, of type: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let text = text(key) else { return nil }
        if let choice = Choice(rawValue: text.value) { return choice }
        report.error(
            at: text.position, "`\(text.value.abbreviated)` is not a value of `\(key)`",
            hint: NearestName.hint(for: text.value, among: Choice.allCases.map(\.rawValue), called: "values"))
        return nil
    }

    func mapping(_ key: String, _ title: String) -> MappingReader? {
        node(key).flatMap { MappingReader($0, title, report) }
    }

    func list(_ key: String) -> [DocumentNode]? {
        guard let node = node(key) else { return nil }
        if case .array(let elements) = node.value { return elements }
        node.mismatch(key, "a list", report)
        return nil
    }

    /// Members in the order written, for mappings whose keys are names.
    func all() -> [DocumentNode.Member] {
        known = members.map(\.key)
        return members
    }

    func has(_ key: String) -> Bool { member(key) != nil }

    /// Reports a key that stands where it has no meaning.
    func refuse(_ key: String, because reason: String, hint: String? = nil) {
        guard let member = member(key) else { return }
        report.error(at: member.keyPosition, "`\(key)` \(reason)", hint: hint)
    }

    /// Reports every key that was not asked for.
    func finish() {
        for member in members where !known.contains(member.key) {
            report.error(
                at: member.keyPosition, "unknown key `\(member.key.abbreviated)` in \(title)",
                hint: NearestName.hint(for: member.key, among: known, called: "known keys"))
        }
    }
}
