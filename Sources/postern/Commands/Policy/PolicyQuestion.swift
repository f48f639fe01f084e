import PosternControl
import PosternPolicy

/// What is wrong with a line of questions.
struct QuestionError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// One line of `postern policy evaluate`.
struct PolicyQuestion {
    let policy: DocumentNode
    let kind: StandalonePolicy.Kind
    let request: PolicyRequest

    init(_ node: DocumentNode) throws {
        let question = try QuestionReader(node, as: "the question")
        let policy = try question.node("policy")
        if case .string(let path) = policy.value {
            self.policy = try PolicyFile.policy(path)
        } else {
            self.policy = policy
        }
        let kind = try question.optionalText("kind") ?? "resource"
        guard let kind = StandalonePolicy.Kind(rawValue: kind) else {
            throw QuestionError("`\(kind)` is no kind: expected `resource` or `identity`")
        }
        self.kind = kind
        let request = try QuestionReader(question.node("request"), as: "`request`")
        // A misspelt `context` would be answered as if there were none.
        try request.refuseOthers(than: ["action", "resource", "principal", "account", "context"])
        _ = try request.optionalText("account")
        self.request = PolicyRequest(
            action: try request.text("action"), resource: try request.text("resource"),
            principal: try Self.principal(request.optional("principal")),
            context: try Self.context(request.optional("context")))
    }

    private static func principal(_ node: DocumentNode?) throws -> CallerIdentity? {
        switch node?.value {
        case nil, .null: return nil
        case .string(let arn): return .aws(arn: arn)
        case .object(let members) where members.count == 1:
            guard case .string(let name) = members[0].value.value else { break }
            switch members[0].key {
            case "AWS": return .aws(arn: name)
            case "Service": return .service(name)
            case "Federated": return .federated(name)
            case "CanonicalUser": return .canonicalUser(name)
            case "SPIFFE": return .spiffe(name)
            case "UnixUser": return .unixUser(name)
            default: break
            }
        default: break
        }
        throw QuestionError("`principal` must be null, an ARN, or one kind with one name")
    }

    /// Values as AWS counts them: texts, with numbers and booleans by their JSON text.
    private static func context(_ node: DocumentNode?) throws -> [String: [String]] {
        guard let node else { return [:] }
        guard case .object(let members) = node.value else { throw QuestionError("`context` must be an object") }
        var context: [String: [String]] = [:]
        for member in members {
            if case .array(let values) = member.value.value {
                context[member.key] = try values.map { try text($0, member.key) }
            } else if case .null = member.value.value {
                continue
            } else {
                context[member.key] = [try text(member.value, member.key)]
            }
        }
        return context
    }

    private static func text(_ node: DocumentNode, _ key: String) throws -> String {
        switch node.value {
        case .string(let text), .number(let text): return text
        case .bool(let value): return value ? "true" : "false"
        default: throw QuestionError("the value of `\(key)` must be text, a number, true or false, or a list of these")
        }
    }
}

/// Reads the members of one JSON object.
struct QuestionReader {
    private let members: [DocumentNode.Member]
    private let name: String

    init(_ node: DocumentNode, as name: String) throws {
        guard case .object(let members) = node.value else { throw QuestionError("\(name) must be an object") }
        self.members = members
        self.name = name
    }

    func optional(_ key: String) -> DocumentNode? { members.first { $0.key == key }?.value }

    func refuseOthers(than known: [String]) throws {
        guard let other = members.first(where: { !known.contains($0.key) }) else { return }
        throw QuestionError(
            "unknown key `\(other.key)` in \(name): expected \(known.map { "`\($0)`" }.joined(separator: ", "))")
    }

    func node(_ key: String) throws -> DocumentNode {
        guard let node = optional(key) else { throw QuestionError("\(name) has no `\(key)`") }
        return node
    }

    func optionalText(_ key: String) throws -> String? {
        guard let node = optional(key) else { return nil }
        guard case .string(let text) = node.value else { throw QuestionError("`\(key)` must be text") }
        return text
    }

    func text(_ key: String) throws -> String {
        guard let text = try optionalText(key) else { throw QuestionError("\(name) has no `\(key)`") }
        return text
    }
}
