extension DocumentNode {
    /// Each statement in a form that is the same for statements that mean the same by their spelling: members and listed
    /// values in order, `Sid` left out.
    var statementTexts: [String] {
        let version = members.first { $0.key == "Version" }?.value.orderedText ?? ""
        return statementNodes.map { version + $0.orderedText }
    }

    /// The statements of a policy.
    var statementNodes: [DocumentNode] { members.first { $0.key == "Statement" }?.value.elements ?? [] }

    private var orderedText: String {
        switch value {
        case .object(let members):
            let parts = members.filter { $0.key != "Sid" && !$0.isEmptyCondition }.map {
                DocumentNode.plain($0.key) + $0.value.orderedText
            }
            return "{" + parts.sorted().joined(separator: ",") + "}"
        case .array(let nodes):
            let parts = Set(nodes.map(\.orderedText)).sorted()
            return parts.count == 1 ? parts[0] : "[" + parts.joined(separator: ",") + "]"
        case .string(let text), .number(let text): return DocumentNode.plain(text)
        case .bool(let flag): return DocumentNode.plain(flag ? "true" : "false")
        case .null: return "null"
        }
    }

    /// In ASCII: to Swift texts are equal that Unicode calls equivalent, to policies they are not.
    private static func plain(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { $0.isASCII ? String($0) : "\\u{\(String($0.value, radix: 16))}" }
        return "\(text.utf8.count):\(escaped.joined())"
    }
}

extension DocumentNode.Member {
    /// `"Condition": {}` says nothing.
    fileprivate var isEmptyCondition: Bool {
        if key == "Condition", case .object(let members) = value.value { members.isEmpty } else { false }
    }
}
