import PosternModel
import PosternPolicy

/// Reads `domains:`, private custom domains (reference, section 3.6).
struct DomainDecoder {
    /// The second part of a domain's ARN where the file gives none.
    static let standardID = "private"

    /// Where the domains stand in ARNs.
    let scope: PolicyScope
    let report: ProblemReport

    func decode(_ file: MappingReader) -> [DomainDeclaration] {
        var places: [String: SourcePosition] = [:]
        return (file.list("domains") ?? []).compactMap { node in
            guard let domain = domain(node) else { return nil }
            if let first = places[domain.name] {
                report.error(
                    at: domain.position, "domain `\(domain.name)` is declared twice", hint: "first at \(first.place)")
            }
            places[domain.name] = domain.position
            return domain
        }
    }

    private func domain(_ node: DocumentNode) -> DomainDeclaration? {
        guard let mapping = MappingReader(node, "a domain", report) else { return nil }
        defer { mapping.finish() }
        let hasName = mapping.required("name", example: "name: shop.internal") != nil
        let name = hasName ? checked(mapping.text("name"), .domain) : nil
        let id = mapping.has("id") ? checked(mapping.text("id"), .domainID) : nil
        let resource = DomainDeclaration.resource(name: name?.value ?? "", id: id?.value ?? Self.standardID)
        var scope = scope
        scope.subject = .domain(resource: resource)
        let policy = mapping.policy(scope)
        let mappings = mappings(mapping)
        guard let name else { return nil }
        return DomainDeclaration(
            name: name.value, position: name.position, scope: scope, resource: resource, policy: policy,
            mappings: mappings)
    }

    private func mappings(_ domain: MappingReader) -> [DomainDeclaration.Mapping] {
        let example = "mappings: {orders: {api: shop, stage: prod}}"
        guard let node = domain.required("mappings", example: example),
            let mapping = MappingReader(node, "`mappings`", report)
        else { return [] }
        let members = mapping.all()
        if members.isEmpty {
            report.error(at: node.position, "`mappings` is empty, so nothing could be called", hint: "add `\(example)`")
        }
        return members.compactMap(self.mapping)
    }

    private func mapping(_ member: DocumentNode.Member) -> DomainDeclaration.Mapping? {
        if !member.key.isEmpty, let problem = NameRule.basePath.problem(in: member.key) {
            report.add([problem.diagnostic(at: member.keyPosition)])
        }
        guard let mapping = MappingReader(member.value, "a mapping", report) else { return nil }
        defer { mapping.finish() }
        let stage = mapping.text("stage")
        guard mapping.required("api", example: "api: shop") != nil, let api = mapping.text("api") else { return nil }
        return DomainDeclaration.Mapping(
            basePath: member.key, api: api.value, apiPosition: api.position, stage: stage?.value,
            stagePosition: stage?.position ?? api.position)
    }

    private func checked(_ text: Positioned<String>?, _ rule: NameRule) -> Positioned<String>? {
        guard let text else { return nil }
        guard let problem = rule.problem(in: text.value) else { return text }
        report.add([problem.diagnostic(at: text.position)])
        return nil
    }
}
