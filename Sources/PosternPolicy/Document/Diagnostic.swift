/// A place in a file that an operator wrote. Lines and columns count from 1; a column counts bytes of UTF-8.
package struct SourcePosition: Sendable, Hashable, Encodable {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// One problem in what an operator wrote: where, what, and what would be right.
///
/// Messages are lower case without a full stop, with the operator's own text in backticks.
package struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable { case error, warning }

    package var severity: Severity
    package var position: SourcePosition
    package var message: String
    /// What was expected, or the nearest known name; shown after the message.
    package var hint: String?

    package init(_ severity: Severity = .error, at position: SourcePosition, _ message: String, hint: String? = nil) {
        self.severity = severity
        self.position = position
        self.message = message
        self.hint = hint
    }

    /// `file:line:column: error: message (hint)`, the form that editors and CI systems recognise.
    package var description: String {
        let place = "\(position.file):\(position.line):\(position.column)"
        let tail = hint.map { " (\($0))" } ?? ""
        return "\(place): \(severity.rawValue): \(message)\(tail)"
    }
}

/// Every problem found in one pass over a document; thrown by loaders once they have looked at all of it.
package struct Diagnostics: Error, Sendable, CustomStringConvertible {
    package var all: [Diagnostic]

    package init(_ all: [Diagnostic]) { self.all = all }

    package var description: String { all.map(\.description).joined(separator: "\n") }
}
