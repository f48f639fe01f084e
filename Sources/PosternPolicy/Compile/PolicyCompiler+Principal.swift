extension PolicyCompiler {
    static let principalKinds = ["AWS", "Service", "Federated", "CanonicalUser", "SPIFFE", "UnixUser"]

    /// Reads `Principal` or `NotPrincipal`.
    ///
    /// - Returns: where the principals stand; nil for everyone.
    mutating func readPrincipals(_ member: DocumentNode.Member, _ effect: Effect?) -> UInt32? {
        let isExcluding = member.key == "NotPrincipal"
        if isExcluding, effect == .allow {
            error(
                at: member.keyPosition,
                "`NotPrincipal` with `Allow` admits everyone it does not name, anonymous callers too",
                hint: "name whom to allow under `Principal`, or deny with `NotPrincipal`")
        }
        let names = readPrincipalNames(member)
        if names.contains(.everyone) {
            if !isExcluding { return nil }
            warning(at: member.value, "the statement can never apply: `NotPrincipal` names everyone")
        }
        tables.principals.append(PrincipalSet(names: names, isExcluding: isExcluding))
        return UInt32(tables.principals.count - 1)
    }

    private mutating func readPrincipalNames(_ element: DocumentNode.Member) -> [PrincipalName] {
        switch element.value.value {
        case .string("*"): return [.everyone]
        case .string(let name):
            error(
                at: element.value, "\(quoted(name)) is not a principal",
                hint: "expected `\"*\"` or a mapping such as `{\"AWS\": \"*\"}`")
        case .object(let members) where members.isEmpty: error(at: element.value, "`\(element.key)` names nobody")
        case .object(let members): return members.flatMap { readPrincipalKind($0) }
        default:
            error(at: element.value, "`\(element.key)` must be `\"*\"` or a mapping, found \(element.value.kindName)")
        }
        return []
    }

    private mutating func readPrincipalKind(_ member: DocumentNode.Member) -> [PrincipalName] {
        guard PolicyCompiler.principalKinds.contains(member.key) else {
            error(
                at: member.keyPosition, "unknown kind of principal \(quoted(member.key))",
                hint: didYouMean(member.key, PolicyCompiler.principalKinds))
            return []
        }
        var names: [PrincipalName] = []
        for node in list(member.value, of: member.key) {
            guard let written = text(node, of: member.key) else { continue }
            if let name = principal(member.key, written, node) { names.append(name) }
        }
        return names
    }

    private mutating func principal(_ kind: String, _ written: String, _ node: DocumentNode) -> PrincipalName? {
        if PolicyCompiler.holdsVariable(written), dialect == .gateway {
            error(
                at: node, "the principal \(quoted(written)) holds a variable", hint: "a principal is written out")
            return nil
        }
        let hasWildcard = written.utf8.contains(UInt8(ascii: "*")) || written.utf8.contains(UInt8(ascii: "?"))
        if kind == "SPIFFE" {
            let pattern = PatternText(wildcards: written.utf8)
            if written == "*" || written.hasPrefix("spiffe://") { return .spiffe(pattern) }
            error(at: node, "\(quoted(written)) is not a SPIFFE ID", hint: "expected `spiffe://trust-domain/path`")
            return nil
        }
        if written != "*", hasWildcard, dialect == .gateway {
            error(
                at: node, "the principal \(quoted(written)) holds a wildcard",
                hint: "`*` is only ever the whole principal")
            return nil
        }
        let name = written == "*" ? nil : written
        if written.isEmpty {
            error(at: node, "the principal is empty")
            return nil
        }
        switch kind {
        case "Service": return .service(name)
        case "Federated": return .federated(name)
        case "CanonicalUser": return .canonicalUser(name)
        case "UnixUser": return .unixUser(name)
        default: break
        }
        if written == "*" { return .everyone }
        if let name = PrincipalName(aws: written) { return name }
        // Outside the gateway a name that nobody has is no error: it matches nobody.
        if dialect != .gateway { return .arn(written) }
        error(
            at: node, "\(quoted(written)) is not an AWS principal",
            hint: "expected `*`, an account of twelve digits, or the ARN of a root, user, role or session")
        return nil
    }
}

extension PrincipalName {
    /// An account, or an ARN of IAM or STS.
    init?(aws written: String) {
        if PrincipalName.isAccount(written) {
            self = .account(written)
            return
        }
        let parts = written.parts(at: ":", maxSplits: 5)
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, parts[3].isEmpty,
            PrincipalName.isAccount(parts[4])
        else { return nil }
        let path = parts[5].parts(at: "/")
        guard path.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch (parts[2], path[0]) {
        case ("iam", "root") where path.count == 1: self = .account(parts[4], partition: parts[1])
        case ("iam", "user") where path.count > 1: self = .arn(written)
        case ("iam", "role") where path.count > 1:
            self = .role(arn: written, partition: parts[1], account: parts[4], name: path[path.count - 1])
        case ("sts", "assumed-role") where path.count == 3, ("sts", "federated-user") where path.count == 2:
            self = .arn(written)
        default: return nil
        }
    }
}
