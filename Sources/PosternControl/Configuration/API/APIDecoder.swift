import PosternModel
import PosternPolicy

/// Reads one file of `apis.d`.
struct APIDecoder {
    let account: String
    let region: String
    let report: ProblemReport

    /// nil when the document is no mapping. Parts that cannot be used are left out and reported; an id that cannot be
    /// used becomes the empty text.
    func decode(_ document: DocumentNode) -> APIDeclaration? {
        guard let file = MappingReader(document, "an API", report) else { return nil }
        let id = id(file)
        let kind = kind(file)
        let name = file.text("name")?.value
        let scope = PolicyScope(region: region, account: account, apiID: id?.value ?? "")
        let policy = file.policy(scope)
        let stages = stages(file)
        let routes = routes(file)
        file.finish()
        return APIDeclaration(
            scope: scope, idPosition: id?.position ?? file.position, kind: kind, name: name, routes: routes,
            stages: stages, policy: policy, mayLackPolicy: !file.has("policy"))
    }

    private func id(_ file: MappingReader) -> Positioned<String>? {
        guard file.required("id", example: "id: shop") != nil, let id = file.text("id") else { return nil }
        guard let problem = NameRule.apiID.problem(in: id.value) else { return id }
        report.add([problem.diagnostic(at: id.position)])
        return nil
    }

    private func kind(_ file: MappingReader) -> APIDeclaration.Kind {
        if let text = file.text("kind"), ["http", "websocket"].contains(text.value) {
            report.error(
                at: text.position, "APIs of kind `\(text.value)` are not supported yet", hint: "expected `rest`")
            return .rest
        }
        return file.choice("kind", of: APIDeclaration.Kind.self) ?? .rest
    }

    private func stages(_ file: MappingReader) -> [StageDeclaration] {
        guard let node = file.required("stages", example: "stages: {dev: {}}"),
            let mapping = MappingReader(node, "`stages`", report)
        else { return [] }
        let members = mapping.all()
        if members.isEmpty {
            report.error(at: node.position, "`stages` is empty, so nothing could be called", hint: "add `dev: {}`")
        }
        return members.map { member in
            if let problem = NameRule.stage.problem(in: member.key) {
                report.add([problem.diagnostic(at: member.keyPosition)])
            }
            var stage = StageDeclaration(name: member.key, position: member.keyPosition)
            guard let mapping = MappingReader(member.value, "a stage", report) else { return stage }
            stage.variables = variables(mapping)
            stage.clientCertificate = clientCertificate(mapping)
            mapping.finish()
            return stage
        }
    }

    private func clientCertificate(_ stage: MappingReader) -> KeyPairSource? {
        guard let mapping = stage.mapping("clientCertificate", "`clientCertificate`") else { return nil }
        defer { mapping.finish() }
        guard mapping.required("certificate", example: "certificate: tls/gateway.pem") != nil else {
            _ = mapping.member("key")
            return nil
        }
        return mapping.keyPair()
    }

    private func variables(_ mapping: MappingReader) -> [String: String?] {
        var variables: [String: String?] = [:]
        for member in mapping.mapping("variables", "`variables`")?.all() ?? [] {
            if let problem = NameRule.stageVariable.problem(in: member.key) {
                report.add([problem.diagnostic(at: member.keyPosition)])
            }
            let value = member.value.text(member.key, report)?.value
            let problem = value.flatMap { NameRule.stageVariableValue.problem(in: $0) }
            if let problem { report.add([problem.diagnostic(at: member.value.position)]) }
            variables.updateValue(problem == nil ? value : nil, forKey: member.key)
        }
        return variables
    }

    private func routes(_ file: MappingReader) -> [RouteDeclaration] {
        let example = "routes: {GET /health: {type: MOCK}}"
        guard let node = file.required("routes", example: example),
            let mapping = MappingReader(node, "`routes`", report)
        else { return [] }
        let members = mapping.all()
        if members.isEmpty {
            report.error(at: node.position, "`routes` is empty, so nothing could be called", hint: "add `\(example)`")
        }
        return members.compactMap { member in
            let integration = IntegrationDecoder(report: report).decode(member.value)
            guard let (verb, path) = head(member) else { return nil }
            return RouteDeclaration(verb: verb, path: path, position: member.keyPosition, integration: integration)
        }
    }

    /// `VERB /path`.
    private func head(_ member: DocumentNode.Member) -> (RouteVerb, ResourcePath)? {
        let words = member.key.split(separator: " ")
        guard words.count == 2 else {
            let hint =
                member.key.hasPrefix("/")
                ? "write `GET \(member.key.abbreviated)` or `ANY …`" : "write `GET /path` or `ANY /path`"
            report.error(at: member.keyPosition, "`\(member.key.abbreviated)` is not a route", hint: hint)
            return nil
        }
        let verb = self.verb(String(words[0]), at: member.keyPosition)
        do throws(DeclarationProblem) {
            let path = try ResourcePath(String(words[1]))
            return verb.map { ($0, path) }
        } catch {
            report.add([error.diagnostic(at: member.keyPosition)])
            return nil
        }
    }

    private func verb(_ text: String, at position: SourcePosition) -> RouteVerb? {
        if text == RouteVerb.any.text { return .any }
        let method = HTTPMethodName(text)
        if method != .other { return .method(method) }
        let known = HTTPMethodName.routable.map(\.text) + ["ANY"]
        report.error(
            at: position, "`\(text.abbreviated)` is not a verb of a route",
            hint: NearestName.hint(for: text, among: known, called: "verbs"))
        return nil
    }
}
