import PosternModel
import PosternPolicy

/// Reads one mapping key by key: wrong types, missing keys and, at the end, keys that nobody asked for go to the report.
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

/// A value with the place where it was written.
struct Positioned<Value> {
    var value: Value
    var position: SourcePosition
}

extension DocumentNode {
    /// Text; a number counts as the text it was written as.
    func text(_ name: String, _ report: ProblemReport) -> Positioned<String>? {
        switch value {
        case .string(let text), .number(let text): return Positioned(value: text, position: position)
        default:
            mismatch(name, "text", report)
            return nil
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>, _ report: ProblemReport) -> Int? {
        let expected = range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        guard case .number(let text) = value else {
            mismatch(name, "a number", report, hint: expected)
            return nil
        }
        guard let number = Int(text), range.contains(number) else {
            report.error(at: position, "`\(text.abbreviated)` is out of range for `\(name)`", hint: "expected \(expected)")
            return nil
        }
        return number
    }

    /// `500ms`, `10s`, `5m` or `1h`, in milliseconds.
    func duration(_ name: String, in range: ClosedRange<Int>, _ report: ProblemReport) -> Int? {
        let expected = "expected \(Duration.text(range.lowerBound)) to \(Duration.text(range.upperBound))"
        guard let text = text(name, report) else { return nil }
        guard let milliseconds = Duration.milliseconds(text.value) else {
            report.error(
                at: position, "`\(text.value.abbreviated)` is not a duration for `\(name)`",
                hint: "a whole number with its unit: `500ms`, `10s`, `5m`, `1h`")
            return nil
        }
        guard range.contains(milliseconds) else {
            report.error(at: position, "`\(text.value)` is out of range for `\(name)`", hint: expected)
            return nil
        }
        return milliseconds
    }

    func mismatch(_ name: String, _ wanted: String, _ report: ProblemReport, hint: String? = nil) {
        report.error(at: position, "`\(name)` is \(kindName), expected \(wanted)", hint: hint)
    }
}

/// Durations as a configuration writes them.
private enum Duration {
    private static let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]

    static func milliseconds(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let factor = units.first(where: { $0.0 == unit })?.1, let number = Int(digits) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    static func text(_ milliseconds: Int) -> String {
        let unit = units.last { milliseconds >= $0.1 && milliseconds % $0.1 == 0 } ?? ("ms", 1)
        return "\(milliseconds / unit.1)\(unit.0)"
    }
}
