/// Reads JSON policy documents, and says where in the file everything stands.
///
/// Strict RFC 8259: UTF-8 without a byte order mark, no comments, no trailing commas. Stricter where leniency has opened
/// holes in other policy engines: a key may not stand twice in one object (a parser that keeps the last would hide the
/// first), a lone surrogate is refused, and nesting ends at ``maximumDepth``.
package enum JSONReader {
    /// The deepest nesting of objects and lists that is read.
    package static let maximumDepth = 64

    /// Reads one document.
    ///
    /// - Throws: every key that stands twice, and the first violation of the grammar, at which reading stops.
    package static func read(_ bytes: some Collection<UInt8>, file: String) throws(Diagnostics) -> DocumentNode {
        var parser = JSONParser(bytes: Array(bytes), file: file)
        return try parser.document()
    }
}

/// A recursive descent over the bytes; ``JSONReader/maximumDepth`` bounds the recursion.
struct JSONParser {
    let bytes: [UInt8]
    let file: String
    var index = 0
    var line = 1
    var lineStart = 0
    /// Problems that do not stop the reading: keys that stand twice.
    var problems: [Diagnostic] = []

    init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    var here: SourcePosition { position(at: index) }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    func position(at index: Int) -> SourcePosition {
        SourcePosition(file: file, line: line, column: index - lineStart + 1)
    }

    /// What to throw when the grammar is broken at `position`, with the problems found before it.
    func failure(_ message: String, at position: SourcePosition, hint: String? = nil) -> Diagnostics {
        Diagnostics(problems + [Diagnostic(at: position, message, hint: hint)])
    }

    mutating func document() throws(Diagnostics) -> DocumentNode {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw failure("the document begins with a byte order mark", at: here, hint: "save it as plain UTF-8")
        }
        skipSpace()
        let node = try value(depth: 0)
        skipSpace()
        if current != nil { throw unexpected(wanted: "the end of the document") }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        return node
    }

    mutating func value(depth: Int) throws(Diagnostics) -> DocumentNode {
        let start = here
        guard let first = current else { throw unexpected(wanted: "a value") }
        switch first {
        case UInt8(ascii: "{"): return DocumentNode(.object(try members(depth: depth + 1)), at: start)
        case UInt8(ascii: "["): return DocumentNode(.array(try elements(depth: depth + 1)), at: start)
        case UInt8(ascii: "\""): return DocumentNode(.string(try string()), at: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return DocumentNode(.number(try number()), at: start)
        case UInt8(ascii: "t"): return DocumentNode(try word("true", .bool(true)), at: start)
        case UInt8(ascii: "f"): return DocumentNode(try word("false", .bool(false)), at: start)
        case UInt8(ascii: "n"): return DocumentNode(try word("null", .null), at: start)
        default: throw unexpected(wanted: "a value")
        }
    }

    private mutating func members(depth: Int) throws(Diagnostics) -> [DocumentNode.Member] {
        try enter(depth)
        var members: [DocumentNode.Member] = []
        var seen: [String: SourcePosition] = [:]
        if closes(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw unexpected(wanted: "a key in double quotes") }
            let keyPosition = here
            let key = try string()
            if let first = seen.updateValue(keyPosition, forKey: key) {
                seen[key] = first
                let place = "\(first.file):\(first.line):\(first.column)"
                problems.append(
                    Diagnostic(at: keyPosition, "\(quoted(key)) stands twice in one object", hint: "first at \(place)"))
            }
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw unexpected(wanted: "`:`") }
            index += 1
            skipSpace()
            members.append(DocumentNode.Member(key: key, keyPosition: keyPosition, value: try value(depth: depth)))
            skipSpace()
            if closes(UInt8(ascii: "}")) { return members }
            guard current == UInt8(ascii: ",") else { throw unexpected(wanted: "`,` or `}`") }
            index += 1
        }
    }

    private mutating func elements(depth: Int) throws(Diagnostics) -> [DocumentNode] {
        try enter(depth)
        var elements: [DocumentNode] = []
        if closes(UInt8(ascii: "]")) { return elements }
        while true {
            skipSpace()
            elements.append(try value(depth: depth))
            skipSpace()
            if closes(UInt8(ascii: "]")) { return elements }
            guard current == UInt8(ascii: ",") else { throw unexpected(wanted: "`,` or `]`") }
            index += 1
        }
    }

    /// Steps over an opening bracket.
    private mutating func enter(_ depth: Int) throws(Diagnostics) {
        guard depth <= JSONReader.maximumDepth else {
            throw failure("the document nests deeper than \(JSONReader.maximumDepth) levels", at: here)
        }
        index += 1
        skipSpace()
    }

    private mutating func closes(_ bracket: UInt8) -> Bool {
        guard current == bracket else { return false }
        index += 1
        return true
    }

    mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): index += 1
            case UInt8(ascii: "\n"):
                index += 1
                line += 1
                lineStart = index
            default: return
            }
        }
    }
}
