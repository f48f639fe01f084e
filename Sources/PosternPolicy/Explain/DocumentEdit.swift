/// One change of a document, as RFC 6902 (JSON Patch) has it, with the place in the file where it goes.
package struct DocumentEdit: Sendable {
    package enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
        /// Behind the last element of a list; for ``Operation/add(_:)`` only.
        case end
    }

    package enum Operation: Sendable {
        /// A member that is not there yet, or an element behind the last.
        case add(DocumentNode)
        case replace(DocumentNode)
        case remove
        /// Gives a member another key.
        case rename(String)
    }

    package var path: [Step]
    package var operation: Operation
    /// What is there now and has to be changed.
    package var position: SourcePosition
    /// What to do, in words: ``add `10.9.0.7/32` to `IpAddress aws:SourceIp` of `Office` ``.
    package var text: String

    /// - Returns: the changed document; nil if the path leads nowhere.
    package func apply(to document: DocumentNode) -> DocumentNode? { apply(to: document, path[...]) }

    private func apply(to node: DocumentNode, _ path: ArraySlice<Step>) -> DocumentNode? {
        guard let step = path.first else {
            guard case .replace(let value) = operation else { return nil }
            return value
        }
        let rest = path.dropFirst()
        switch (step, node.value) {
        case (.member(let key), .object(let members)):
            return changed(members, key, rest).map { DocumentNode(.object($0), at: node.position) }
        case (.element(let index), .array(var elements)) where elements.indices.contains(index):
            if rest.isEmpty, case .remove = operation {
                elements.remove(at: index)
            } else {
                guard let value = apply(to: elements[index], rest) else { return nil }
                elements[index] = value
            }
            return DocumentNode(.array(elements), at: node.position)
        case (.end, .array(let elements)):
            guard rest.isEmpty, case .add(let value) = operation else { return nil }
            return DocumentNode(.array(elements + [value]), at: node.position)
        default: return nil
        }
    }

    private func changed(
        _ members: [DocumentNode.Member], _ key: String, _ rest: ArraySlice<Step>
    ) -> [DocumentNode.Member]? {
        var members = members
        let index = members.firstIndex { $0.key == key }
        switch operation {
        case .add(let value) where rest.isEmpty:
            guard index == nil else { return nil }
            members.append(DocumentNode.Member(key: key, keyPosition: position, value: value))
        case .remove where rest.isEmpty:
            guard let index else { return nil }
            members.remove(at: index)
        case .rename(let name) where rest.isEmpty:
            guard let index, !members.contains(where: { $0.key == name }) else { return nil }
            members[index].key = name
        default:
            guard let index, let value = apply(to: members[index].value, rest) else { return nil }
            members[index].value = value
        }
        return members
    }

    /// The same change of a document that holds this one at `prefix`.
    func below(_ prefix: [Step]) -> DocumentEdit {
        var edit = self
        edit.path = prefix + path
        return edit
    }

    /// The path as a JSON pointer (RFC 6901).
    package var pointer: String { DocumentEdit.pointer(path) }

    private static func pointer(_ path: [Step]) -> String {
        path.map { step in
            switch step {
            case .member(let key): "/" + key.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
            case .element(let index): "/\(index)"
            case .end: "/-"
            }
        }.joined()
    }
}

extension [DocumentEdit] {
    /// One after the other.
    package func apply(to document: DocumentNode) -> DocumentNode? {
        var document = document
        for edit in self {
            guard let changed = edit.apply(to: document) else { return nil }
            document = changed
        }
        return document
    }
}

extension DocumentEdit: Encodable {
    private enum CodingKeys: String, CodingKey { case op, path, from, value, position, text }

    /// An operation of a JSON Patch; `position` and `text` are members that RFC 6902 has its readers ignore.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch operation {
        case .add(let value):
            try container.encode("add", forKey: .op)
            try container.encode(pointer, forKey: .path)
            try container.encode(value, forKey: .value)
        case .replace(let value):
            try container.encode("replace", forKey: .op)
            try container.encode(pointer, forKey: .path)
            try container.encode(value, forKey: .value)
        case .remove:
            try container.encode("remove", forKey: .op)
            try container.encode(pointer, forKey: .path)
        case .rename(let name):
            try container.encode("move", forKey: .op)
            try container.encode(pointer, forKey: .from)
            try container.encode(DocumentEdit.pointer(path.dropLast() + [.member(name)]), forKey: .path)
        }
        try container.encode(position, forKey: .position)
        try container.encode(text, forKey: .text)
    }
}
