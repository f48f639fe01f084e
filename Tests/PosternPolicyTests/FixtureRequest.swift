import PosternPolicy

extension PolicyRequest {
    /// The request of a fixture; nil if it is misshapen.
    init?(fixture node: DocumentNode) {
        guard let action = node["action"]?.text, let resource = node["resource"]?.text else { return nil }
        self.init(action: action, resource: resource)
        if let principal = node["principal"] {
            guard let caller = CallerIdentity(fixture: principal) else { return nil }
            self.principal = caller
        }
        for member in node["context"]?.members ?? [] {
            let values = member.value.list.map(\.text)
            guard !values.contains(nil) else { return nil }
            context[member.key] = values.map { $0! }
        }
    }
}

extension CallerIdentity {
    /// An ARN, or a mapping of one kind to one name.
    init?(fixture node: DocumentNode) {
        if let arn = node.text {
            self = .aws(arn: arn)
            return
        }
        guard let member = node.members.first, let name = member.value.text else { return nil }
        switch member.key {
        case "Service": self = .service(name)
        case "Federated": self = .federated(name)
        case "CanonicalUser": self = .canonicalUser(name)
        case "SPIFFE": self = .spiffe(name)
        case "UnixUser": self = .unixUser(name)
        default: return nil
        }
    }
}

extension DocumentNode {
    subscript(key: String) -> DocumentNode? { members.first { $0.key == key }?.value }

    var members: [Member] { if case .object(let members) = value { members } else { [] } }

    var list: [DocumentNode] { if case .array(let nodes) = value { nodes } else { [self] } }

    var text: String? {
        switch value {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }
}
