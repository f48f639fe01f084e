import PosternPolicy

/// Puts the events of one document together; recursion is bounded by `YAMLReader.maximumDepth`.
struct YAMLComposer {
    private struct Anchored {
        var node: DocumentNode
        var size: Int
        var height: Int
    }

    /// A node with how many values it holds, itself included, and how many levels of lists and mappings.
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
                    Diagnostic(at: after.position, "a second document begins here", hint: "one file holds one document")
                )
            }
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        return root
    }

    private mutating func node(_ event: YAMLEvents.Event, depth: Int) throws(Diagnostics) -> Composed {
        let composed: Composed
        var anchor: String?
        switch event.kind {
        case .alias(let name): return try alias(name, event.position, depth: depth)
        case .scalar(let scalar):
            anchor = scalar.anchor
            composed = (DocumentNode(value(of: scalar, at: event.position), at: event.position), 1, 0)
        case .sequenceStart(let start):
            anchor = start.anchor
            try enter(levels: 1, below: depth, at: event.position)
            check(start.tag, standard: "tag:yaml.org,2002:seq", at: event.position)
            composed = try sequence(at: event.position, depth: depth)
        case .mappingStart(let start):
            anchor = start.anchor
            try enter(levels: 1, below: depth, at: event.position)
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
        var height = 1
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
        var height = 1
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
        try enter(levels: anchored.height, below: depth, at: position)
        try count(anchored.size, at: position)
        return (anchored.node, anchored.size, anchored.height)
    }

    private func enter(levels: Int, below depth: Int, at position: SourcePosition) throws(Diagnostics) {
        guard depth + levels <= YAMLReader.maximumDepth else {
            throw failure(Diagnostic(at: position, "values are nested deeper than \(YAMLReader.maximumDepth) levels"))
        }
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
