import CYaml
package import PosternPolicy

/// Reads YAML into a document whose every value knows its place.
///
/// Built on the event stream of libyaml (as Yams carries it) rather than on Yams' composer, which stops at the first key
/// that stands twice, and hashes keys in full, so that a few nested aliases in a key keep it busy for ever. Scalars follow
/// the YAML 1.2 core schema: only `true` and `false` are booleans, `0660` and `1:30` are text.
///
/// Bounds: ``maximumDepth`` levels, ``maximumNodes`` values once aliases are written out. Not read: tags but `!!str`,
/// merge keys (`<<`), keys that are not scalars, more than one document.
package enum YAMLReader {
    package static let maximumDepth = 64
    package static let maximumNodes = 200_000

    /// - throws: every key that stands twice and the like, and the first violation of the grammar, where reading stops.
    package static func read(_ bytes: [UInt8], file: String) throws(Diagnostics) -> DocumentNode {
        let lines = LineTable(bytes, file: file)
        if let problem = lines.characterProblem() { throw Diagnostics([problem]) }
        return try bytes.withUnsafeBufferPointer { buffer throws(Diagnostics) in
            let events = YAMLEvents(buffer, lines: lines)
            defer { events.free() }
            var composer = YAMLComposer(events: events)
            return try composer.document()
        }
    }
}

/// Puts the events of one document together; recursion is bounded by `YAMLReader.maximumDepth`.
private struct YAMLComposer {
    private struct Anchored {
        var node: DocumentNode
        var size: Int
        var height: Int
    }

    /// A node with how many values it holds, itself included, and how many levels.
    private typealias Composed = (node: DocumentNode, size: Int, height: Int)

    private let events: YAMLEvents
    private var problems: [Diagnostic] = []
    private var anchors: [String: Anchored] = [:]
    private var total = 0

    init(events: YAMLEvents) { self.events = events }

    mutating func document() throws(Diagnostics) -> DocumentNode {
        var root = DocumentNode(.null, at: SourcePosition(file: events.lines.file, line: 1, column: 1))
        guard try next().kind == .streamStart else { throw unexpected(root.position) }
        if try next().kind == .documentStart {
            root = try node(try next(), depth: 0).node
            _ = try next()  // the document's end
            let after = try next()
            if after.kind != .streamEnd {
                throw failure(
                    Diagnostic(at: after.position, "a second document begins here", hint: "one file holds one document"))
            }
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        return root
    }

    private mutating func node(_ event: YAMLEvents.Event, depth: Int) throws(Diagnostics) -> Composed {
        guard depth <= YAMLReader.maximumDepth else {
            throw failure(
                Diagnostic(at: event.position, "values are nested deeper than \(YAMLReader.maximumDepth) levels"))
        }
        let composed: Composed
        var anchor: String?
        switch event.kind {
        case .alias(let name): return try alias(name, event.position, depth: depth)
        case .scalar(let scalar):
            anchor = scalar.anchor
            composed = (DocumentNode(value(of: scalar, at: event.position), at: event.position), 1, 0)
        case .sequenceStart(let start):
            anchor = start.anchor
            check(start.tag, standard: "tag:yaml.org,2002:seq", at: event.position)
            composed = try sequence(at: event.position, depth: depth)
        case .mappingStart(let start):
            anchor = start.anchor
            check(start.tag, standard: "tag:yaml.org,2002:map", at: event.position)
            composed = try mapping(at: event.position, depth: depth)
        default: throw unexpected(event.position)
        }
        try count(1, at: event.position)
        if let anchor {
            anchors[anchor] = Anchored(node: composed.node, size: composed.size, height: composed.height)
        }
        return composed
    }

    private mutating func sequence(at position: SourcePosition, depth: Int) throws(Diagnostics) -> Composed {
        var elements: [DocumentNode] = []
        var size = 1
        var height = 0
        while true {
            let event = try next()
            if case .sequenceEnd = event.kind { break }
            let element = try node(event, depth: depth + 1)
            elements.append(element.node)
            size += element.size
            height = max(height, element.height + 1)
        }
        return (DocumentNode(.array(elements), at: position), size, height)
    }

    private mutating func mapping(at position: SourcePosition, depth: Int) throws(Diagnostics) -> Composed {
        var members: [DocumentNode.Member] = []
        var seen: [String: SourcePosition] = [:]
        var size = 1
        var height = 0
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { break }
            let key = try self.key(event, depth: depth)
            let value = try node(try next(), depth: depth + 1)
            size += value.size + 1
            height = max(height, value.height + 1)
            guard let key else { continue }
            if let first = seen[key] {
                problems.append(
                    Diagnostic(
                        at: event.position, "`\(key)` stands twice in one mapping",
                        hint: "first at \(first.file):\(first.line):\(first.column)"))
            } else {
                seen[key] = event.position
                members.append(DocumentNode.Member(key: key, keyPosition: event.position, value: value.node))
            }
        }
        return (DocumentNode(.object(members), at: position), size, height)
    }

    /// nil, with the problem noted, for a key that is no plain text.
    private mutating func key(_ event: YAMLEvents.Event, depth: Int) throws(Diagnostics) -> String? {
        if case .scalar(let scalar) = event.kind {
            if let anchor = scalar.anchor {
                anchors[anchor] = Anchored(
                    node: DocumentNode(.string(scalar.text), at: event.position), size: 1, height: 0)
            }
            if scalar.text == "<<", scalar.isPlain {
                problems.append(
                    Diagnostic(at: event.position, "merge keys are not supported", hint: "write the keys out"))
                return nil
            }
            return scalar.text
        }
        if case .string(let text) = try node(event, depth: depth + 1).node.value { return text }
        problems.append(Diagnostic(at: event.position, "a key is not text", hint: "write `name: value`"))
        return nil
    }

    /// The anchored value itself: shared, not copied, but counted as if it were written out.
    private mutating func alias(
        _ name: String, _ position: SourcePosition, depth: Int
    ) throws(Diagnostics) -> Composed {
        guard let anchored = anchors[name] else {
            throw failure(Diagnostic(at: position, "nothing is anchored as `&\(name)` before here"))
        }
        guard depth + anchored.height <= YAMLReader.maximumDepth else {
            throw failure(Diagnostic(at: position, "values are nested deeper than \(YAMLReader.maximumDepth) levels"))
        }
        try count(anchored.size, at: position)
        return (anchored.node, anchored.size, anchored.height)
    }

    private mutating func count(_ nodes: Int, at position: SourcePosition) throws(Diagnostics) {
        total += nodes
        if total > YAMLReader.maximumNodes {
            throw failure(
                Diagnostic(
                    at: position, "the document holds more than \(YAMLReader.maximumNodes) values",
                    hint: "aliases count as if they were written out"))
        }
    }

    private mutating func value(of scalar: YAMLEvents.Scalar, at position: SourcePosition) -> DocumentNode.Value {
        switch scalar.tag {
        case nil where scalar.isPlain: return CoreSchema.value(of: scalar.text)
        case nil, "!", "tag:yaml.org,2002:str": return .string(scalar.text)
        case .some(let tag):
            check(tag, standard: "tag:yaml.org,2002:str", at: position)
            return .string(scalar.text)
        }
    }

    private mutating func check(_ tag: String?, standard: String, at position: SourcePosition) {
        guard let tag, tag != "!", tag != standard else { return }
        problems.append(
            Diagnostic(at: position, "the tag `\(tag)` is not supported", hint: "remove it, or quote what is text"))
    }

    private mutating func next() throws(Diagnostics) -> YAMLEvents.Event {
        do throws(YAMLEvents.Failure) {
            return try events.next()
        } catch {
            throw failure(error.diagnostic)
        }
    }

    private func failure(_ problem: Diagnostic) -> Diagnostics { Diagnostics(problems + [problem]) }

    private func unexpected(_ position: SourcePosition) -> Diagnostics {
        failure(Diagnostic(at: position, "the document ends in the middle"))
    }
}

/// What a plain scalar means (YAML 1.2.2, 10.3.2); numbers are those that JSON writes too, everything else is text.
private enum CoreSchema {
    static func value(of text: String) -> DocumentNode.Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return isNumber(text) ? .number(text) : .string(text)
        }
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`
    private static func isNumber(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        func digits() -> Int {
            let count = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let hasLeadingZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole == 1 || (whole > 1 && !hasLeadingZero) else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
