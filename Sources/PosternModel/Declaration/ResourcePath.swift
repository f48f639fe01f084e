/// The path of a declared resource, `/order/{id}`: proven well formed when it exists.
///
/// Rules of reference 2.2: a part is a literal of letters, digits and `_-.,:`, or a whole-segment parameter `{name}`,
/// or, last only, a greedy parameter `{name+}`. The root is `/`. A trailing slash is not written.
package struct ResourcePath: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
        case literal(String)
        /// Exactly one segment of the request path.
        case parameter(String)
        /// One or more segments, inner slashes included.
        case greedy(String)

        package var text: String {
            switch self {
            case .literal(let text): text
            case .parameter(let name): "{\(name)}"
            case .greedy(let name): "{\(name)+}"
            }
        }
    }

    /// The most parameters one path may have; `PathCaptures` holds as many.
    package static let mostParameters = 16
    /// The most segments one path may have.
    package static let mostParts = 64

    package let parts: [Part]

    package init(_ text: String) throws(DeclarationProblem) {
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw DeclarationProblem("`\(text.abbreviated)` is not a resource path", hint: "it begins with `/`")
        }
        guard text != "/" else {
            parts = []
            return
        }
        guard text.utf8.last != UInt8(ascii: "/") else {
            var trimmed = text[...]
            while trimmed.last == "/" { trimmed.removeLast() }
            throw DeclarationProblem(
                "`\(text.abbreviated)` ends with a slash",
                hint: "write `\(trimmed.isEmpty ? "/" : String(trimmed).abbreviated)`; it answers with and without one")
        }
        var parts: [Part] = []
        for segment in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            parts.append(try ResourcePath.part(String(segment), in: text))
        }
        try ResourcePath.check(parts, text: text)
        self.parts = parts
    }

    /// Parameter names in path order, the greedy one last.
    package var parameterNames: [String] {
        parts.compactMap { part in
            switch part {
            case .literal: nil
            case .parameter(let name), .greedy(let name): name
            }
        }
    }

    package var text: String { "/" + parts.map(\.text).joined(separator: "/") }

    private static func part(_ segment: String, in path: String) throws(DeclarationProblem) -> Part {
        guard !segment.isEmpty else {
            throw DeclarationProblem(
                "`\(path.abbreviated)` has an empty segment", hint: "two slashes in a row never match")
        }
        if segment == "." || segment == ".." {
            throw DeclarationProblem(
                "`\(path.abbreviated)` has a dot segment",
                hint: "requests with dot segments are refused, so it never matches")
        }
        guard segment.utf8.contains(where: { $0.isAny(of: "{}") }) else {
            guard segment.utf8.allSatisfy({ $0.isLetterOrDigit || $0.isAny(of: "_-.,:") }) else {
                throw DeclarationProblem(
                    "`\(segment.abbreviated)` is not a path part",
                    hint: "letters, digits and `_-.,:`, or `{name}`, or `{name+}`")
            }
            return .literal(segment)
        }
        guard segment.first == "{", segment.last == "}", segment.utf8.count >= 3 else {
            throw DeclarationProblem(
                "`\(segment.abbreviated)` is not a path part",
                hint: "a parameter is a whole segment: `{name}` or `{name+}`")
        }
        var name = segment.dropFirst().dropLast()
        let isGreedy = name.last == "+"
        if isGreedy { name.removeLast() }
        guard !name.isEmpty, name.utf8.allSatisfy({ $0.isLetterOrDigit || $0.isAny(of: "_-.") }) else {
            throw DeclarationProblem(
                "`\(segment.abbreviated)` is not a path parameter", hint: "its name has letters, digits and `_-.`")
        }
        return isGreedy ? .greedy(String(name)) : .parameter(String(name))
    }

    private static func check(_ parts: [Part], text: String) throws(DeclarationProblem) {
        guard parts.count <= mostParts else {
            throw DeclarationProblem("`\(text.abbreviated)` has \(parts.count) segments", hint: "at most \(mostParts)")
        }
        var names: Set<String> = []
        var count = 0
        for (index, part) in parts.enumerated() {
            switch part {
            case .literal: continue
            case .greedy where index < parts.count - 1:
                throw DeclarationProblem(
                    "`\(text.abbreviated)` has a child under the greedy part `\(part.text)`",
                    hint: "a greedy part takes the rest of the path, so it stands last")
            case .parameter(let name), .greedy(let name):
                count += 1
                guard names.insert(name).inserted else {
                    throw DeclarationProblem(
                        "`\(text.abbreviated)` names the parameter `\(name)` twice",
                        hint: "each parameter of a path has its own name")
                }
            }
        }
        guard count <= mostParameters else {
            throw DeclarationProblem("`\(text.abbreviated)` has \(count) parameters", hint: "at most \(mostParameters)")
        }
    }
}
