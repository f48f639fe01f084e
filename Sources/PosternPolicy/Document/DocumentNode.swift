/// A parsed document (JSON, or YAML read by the control plane) that still knows where each value was written.
package struct DocumentNode: Sendable {
    package enum Value: Sendable {
        case object([Member])
        case array([DocumentNode])
        case string(String)
        /// A number as it was written: policy conditions compare its text.
        case number(String)
        case bool(Bool)
        case null
    }

    /// A key with its value. Readers refuse a key that stands twice in one object.
    package struct Member: Sendable {
        package var key: String
        package var keyPosition: SourcePosition
        package var value: DocumentNode

        package init(key: String, keyPosition: SourcePosition, value: DocumentNode) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }
    }

    package var value: Value
    package var position: SourcePosition

    package init(_ value: Value, at position: SourcePosition) {
        self.value = value
        self.position = position
    }

    /// What a message calls this kind of value: "a mapping", "a list", "text" …
    package var kindName: String {
        switch value {
        case .object: "a mapping"
        case .array: "a list"
        case .string: "text"
        case .number: "a number"
        case .bool: "true or false"
        case .null: "nothing"
        }
    }
}

extension DocumentNode {
    /// What is written, without where.
    func hash(into hasher: inout Hasher) {
        switch value {
        case .object(let members):
            hasher.combine(0)
            hasher.combine(members.count)
            for member in members {
                hasher.combine(member.key)
                member.value.hash(into: &hasher)
            }
        case .array(let nodes):
            hasher.combine(1)
            hasher.combine(nodes.count)
            for node in nodes { node.hash(into: &hasher) }
        case .string(let text):
            hasher.combine(2)
            hasher.combine(text)
        case .number(let text):
            hasher.combine(3)
            hasher.combine(text)
        case .bool(let flag):
            hasher.combine(4)
            hasher.combine(flag)
        case .null:
            hasher.combine(5)
        }
    }
}
