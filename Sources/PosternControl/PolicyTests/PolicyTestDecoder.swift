import PosternModel
import PosternPolicy

/// Reads one file of decision tests, strictly: keys that nobody knows are reported with the nearest that somebody does.
struct PolicyTestDecoder {
    let file: String
    let report: ProblemReport

    private struct Settings {
        var fields: [RequestDescription.Field: [Positioned<String>]] = [:]
        /// By name in lower case.
        var headers: [String: Positioned<String>] = [:]
        var apiID: Positioned<String>?
    }

    func decode(_ document: DocumentNode) -> PolicyTestFile? {
        guard let reader = MappingReader(document, "a test file", report) else { return nil }
        let policy = policy(reader)
        let scope = PolicyScope(
            region: reader.text("region")?.value ?? "local", account: reader.text("account")?.value ?? "000000000000",
            apiID: "api")
        let defaults = reader.node("defaults").map { settings($0, "`defaults`", onto: Settings()) } ?? Settings()
        let list =
            reader.required("cases", example: "cases: [{name: …, request: {…}, expect: allow}]") == nil
            ? nil : reader.list("cases")
        if let list, list.isEmpty { report.error(at: reader.position, "`cases` is empty, so nothing is tested") }
        var names: [String: SourcePosition] = [:]
        let cases = (list ?? []).compactMap { node in
            decode(node, defaults, scope, &names)
        }
        reader.finish()
        guard let policy else { return nil }
        do throws(Diagnostics) {
            let document = try PolicyFile.policy(policy.value, namedAt: policy.position)
            try check(document, cases, scope)
            return PolicyTestFile(file: file, policy: policy.value, document: document, cases: cases)
        } catch {
            report.add(error.all)
            return nil
        }
    }

    /// By its key, or beside the file under the same name.
    private func policy(_ reader: MappingReader) -> Positioned<String>? {
        if reader.has("policy") {
            return reader.text("policy").map {
                Positioned(value: ConfigurationFile.path($0.value, besides: file), position: $0.position)
            }
        }
        guard let base = PolicyTestFile.base(of: file) else {
            report.error(at: reader.position, "the tests name no policy", hint: "add `policy: file.json`")
            return nil
        }
        let known = ["json", "yaml", "yml"].map { "\(base).\($0)" }
        return Positioned(value: known.first { ConfigurationFile.isFile($0) } ?? known[0], position: reader.position)
    }

    /// Compiles the policy once, for its problems, and looks for the statements that cases name.
    private func check(
        _ document: DocumentNode, _ cases: [PolicyTestFile.Case], _ scope: PolicyScope
    ) throws(Diagnostics) {
        let labels = try Policy.compile(document, for: scope).statements.map(\.label)
        for test in cases {
            guard let statement = test.statement, !labels.contains(statement) else { continue }
            report.error(
                at: test.position, "the policy has no statement `\(statement.abbreviated)`",
                hint: NearestName.hint(for: statement, among: labels, called: "statements"))
        }
    }

    private func decode(
        _ node: DocumentNode, _ defaults: Settings, _ scope: PolicyScope, _ names: inout [String: SourcePosition]
    ) -> PolicyTestFile.Case? {
        guard let reader = MappingReader(node, "a case", report) else { return nil }
        let name = reader.required("name", example: "name: who calls what") == nil ? nil : reader.text("name")
        let request = reader.node("request").map { settings($0, "`request`", onto: defaults) } ?? defaults
        let expected =
            reader.required("expect", example: "expect: allow") == nil
            ? nil : reader.choice("expect", of: PolicyTestFile.Expectation.self)
        let statement = reader.text("by")
        if let statement, expected == .implicitDeny {
            report.error(at: statement.position, "no statement makes an implicit deny", hint: "leave out `by`")
        }
        reader.finish()
        if let name, let first = names.updateValue(name.position, forKey: name.value) {
            report.error(
                at: name.position, "two cases have the name `\(name.value.abbreviated)`",
                hint: "first at \(first.text)")
        }
        let description = description(request, at: reader.position)
        var scope = scope
        if let id = request.apiID { scope.apiID = id.value }
        guard let name, let expected, let description else { return nil }
        return PolicyTestFile.Case(
            name: name.value, position: statement?.position ?? name.position, request: description, scope: scope,
            expected: expected, statement: statement?.value)
    }

    // MARK: Requests

    /// Reads what is said of a request; `~` takes back what the defaults say.
    private func settings(_ node: DocumentNode, _ title: String, onto defaults: Settings) -> Settings {
        var settings = defaults
        guard let reader = MappingReader(node, title, report) else { return settings }
        if let id = reader.node("apiId")?.text("apiId", report) { settings.apiID = id }
        read(
            [
                "sourceIp", "endpoint", "vpc", "interface", "method", "path", "stage", "uid", "gid", "user", "group",
                "unit", "spiffe", "tls", "at",
            ], reader, &settings)
        if let node = reader.node("certificate"), let certificate = MappingReader(node, "`certificate`", report) {
            read(
                ["spiffe", "subject", "issuer", "serial", "fingerprint", "sanDns", "sanUri", "notAfter"], certificate,
                &settings)
            certificate.finish()
        }
        for member in reader.mapping("headers", "`headers`")?.all() ?? [] {
            settings.headers[member.key.lowercased()] = texts(member.value, member.key).first
        }
        reader.finish()
        return settings
    }

    private func read(_ names: [String], _ reader: MappingReader, _ settings: inout Settings) {
        for name in names {
            guard let node = reader.node(name), let field = RequestDescription.Field(rawValue: name) else { continue }
            let several = field == .sanDns || field == .sanUri
            if case .array = node.value, !several {
                node.mismatch(name, "one value", report)
            } else {
                let values = texts(node, name)
                settings.fields[field] = values.isEmpty ? nil : values
            }
        }
    }

    private func texts(_ node: DocumentNode, _ name: String) -> [Positioned<String>] {
        switch node.value {
        case .null: []
        case .bool(let flag): [Positioned(value: flag ? "true" : "false", position: node.position)]
        case .array(let nodes): nodes.flatMap { texts($0, name) }
        default: node.text(name, report).map { [$0] } ?? []
        }
    }

    private func description(_ settings: Settings, at position: SourcePosition) -> RequestDescription? {
        var description = RequestDescription()
        let before = report.errors.count
        func set(
            _ position: SourcePosition, _ body: (inout RequestDescription) throws(RequestDescription.Problem) -> Void
        ) {
            do throws(RequestDescription.Problem) {
                try body(&description)
            } catch {
                report.error(at: position, error.message, hint: error.hint)
            }
        }
        for field in RequestDescription.Field.allCases {
            for text in settings.fields[field] ?? [] {
                set(text.position) { (request) throws(RequestDescription.Problem) in try request.set(field, text.value)
                }
            }
        }
        for (name, value) in settings.headers.sorted(by: { $0.key < $1.key }) {
            set(value.position) { (request) throws(RequestDescription.Problem) in
                try request.setHeader(name, value.value)
            }
        }
        // A certificate says that there is TLS, unless somebody says otherwise.
        if settings.fields[.tls] == nil, description.connection.certificate != nil {
            description.connection.secureTransport = true
        }
        if settings.fields[.stage] == nil { description.takeStageFromPath() }
        if report.errors.count == before, let problem = description.problem {
            report.error(at: position, problem.message, hint: problem.hint)
        }
        return description
    }
}
