package import PosternPolicy

/// Text that may name stage variables, `http://${stageVariables.orders}/order`, resolved once per stage when a plan is
/// compiled (reference 3.2).
///
/// We differ from AWS in one point: a variable that a stage does not define is an error of the configuration there,
/// not an empty text at run time.
package struct StageTemplate: Sendable, Hashable {
    package enum Piece: Sendable, Hashable {
        case text(String)
        case variable(String)
    }

    package let text: String
    package let pieces: [Piece]
    package let position: SourcePosition

    package init(_ text: String, at position: SourcePosition) throws(DeclarationProblem) {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        while let next = rest.first {
            guard next == "$", rest.dropFirst().first == "{" else {
                literal.append(next)
                rest.removeFirst()
                continue
            }
            guard let end = rest.firstIndex(of: "}") else {
                throw DeclarationProblem(
                    "`\(String(rest).abbreviated)` is not closed", hint: "write `${stageVariables.name}`")
            }
            let inside = rest[..<end].dropFirst(2)
            let prefix = "stageVariables."
            guard inside.hasPrefix(prefix) else {
                throw DeclarationProblem(
                    "`${\(String(inside).abbreviated)}` is not known here", hint: "write `${stageVariables.name}`")
            }
            let name = String(inside.dropFirst(prefix.count))
            if let problem = NameRule.stageVariable.problem(in: name) { throw problem }
            if !literal.isEmpty { pieces.append(.text(literal)) }
            literal = ""
            pieces.append(.variable(name))
            rest = rest[rest.index(after: end)...]
        }
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.text(literal)) }
        self.text = text
        self.pieces = pieces
        self.position = position
    }

    /// Names of the variables it uses, each once, in order.
    package var variables: [String] {
        var seen: Set<String> = []
        return pieces.compactMap { piece in
            guard case .variable(let name) = piece, seen.insert(name).inserted else { return nil }
            return name
        }
    }

    /// The text with every variable replaced; nil when `value` has none for one of them.
    package func resolved(_ value: (String) -> String?) -> String? {
        var result = ""
        for piece in pieces {
            switch piece {
            case .text(let text): result += text
            case .variable(let name):
                guard let value = value(name) else { return nil }
                result += value
            }
        }
        return result
    }
}
