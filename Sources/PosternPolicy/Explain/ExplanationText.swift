/// An explanation for a terminal: plain lines in columns, no colours.
///
/// First the decision, then every statement with what matched and what did not, then the change that would let the request
/// pass.
package enum ExplanationText {
    /// - Parameter title: what was asked, as one line.
    /// - Returns: lines, each ended.
    package static func render(_ explanation: Explanation, title: String) -> String {
        var lines = [title, verdict(explanation)]
        if let shadow = explanation.shadow, shadow.diverges(from: explanation.decision) {
            lines.append("with the statements in shadow mode enforced: \(words(shadow.answer))")
        }
        for statement in explanation.statements { lines += [""] + render(statement) }
        if !explanation.changes.isEmpty {
            let count = explanation.changes.count
            lines += ["", count == 1 ? "one change would allow it:" : "\(count) changes would allow it:"]
            lines += table(explanation.changes.map { ["  \($0.position.text)", $0.text] })
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func verdict(_ explanation: Explanation) -> String {
        let words = words(explanation.decision.answer)
        guard let statement = explanation.decidingStatement, let position = explanation.position else { return words }
        return "\(words) by \(quoted(statement)), \(position.text)"
    }

    private static func words(_ answer: PolicyAnswer) -> String {
        switch answer {
        case .allow: "allowed"
        case .explicitDeny: "denied"
        case .implicitDeny: "denied: no statement allows it"
        }
    }

    private static func render(_ statement: StatementTrace) -> [String] {
        let outcome = statement.applied ? "applies" : "does not apply"
        let mode = statement.isShadow ? ", in shadow mode: decides nothing" : ""
        let head =
            "\(statement.position.text)  \(statement.effect.rawValue) \(quoted(statement.label)) \(outcome)\(mode)"
        let elements = statement.elements.map {
            row($0.matched, $0.name, $0.seen, "anonymous", $0.wanted, nil, $0.position)
        }
        let conditions = statement.conditions.map {
            row($0.matched, $0.name, $0.seen, "absent", $0.wanted, $0.hit, $0.position)
        }
        return [head] + table(elements + conditions)
    }

    private static func row(
        _ matched: Bool, _ name: String, _ seen: String?, _ nothing: String, _ wanted: WantedValues?,
        _ hit: ListedValue?, _ position: SourcePosition
    ) -> [String] {
        var wish = wanted.map { "wants \($0.text)" } ?? ""
        if let hit, wanted?.count != 1 { wish += "; meets \(quoted(hit.text)) at \(hit.position.place)" }
        return [matched ? "  yes" : "  no", position.place, name, seen.map(quoted) ?? nothing, wish]
    }

    /// Cells in columns, two spaces between; the last is as wide as it is, the others at most 60 characters.
    private static func table(_ rows: [[String]]) -> [String] {
        let widths = (0..<(rows.map(\.count).max() ?? 0)).map { column in
            min(60, rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0)
        }
        return rows.map { row in
            let line = row.enumerated().map { column, cell in
                cell + String(repeating: " ", count: max(0, widths[column] - cell.count))
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}

extension SourcePosition {
    /// `file:line:column`
    package var text: String { "\(file):\(place)" }

    /// `line:column`
    var place: String { "\(line):\(column)" }
}
