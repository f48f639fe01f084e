/// A resource as it stands in a document.
enum WrittenResource {
    case everything
    /// Six segments.
    case arn([Template])
    /// What stands behind `execute-api:/`.
    case shorthand(Template)
    /// A short ARN without a wildcard, which AWS lets match nothing.
    case nothing
}

extension PolicyCompiler {
    /// Reads the resources of a statement.
    ///
    /// The first five segments of an ARN are settled here, where the API's region, account and partition are known; a
    /// wildcard in one of them never reaches into the next. What is left is a pattern for the sixth,
    /// `{api-id}/{stage}/{METHOD}/{path}`; a resource of elsewhere leaves none.
    mutating func readResources(_ element: DocumentNode.Member, into statement: inout StatementProgram) {
        statement.excludesResources = element.key == "NotResource"
        var patterns: [PatternText] = []
        let firstTemplate = Int32(tables.templates.count)
        for node in list(element.value, of: element.key) {
            guard let written = text(node, of: element.key), let resource = readResource(written, node),
                let template = sixthSegment(resource, written, node)
            else { continue }
            if let pattern = template.pattern { patterns.append(pattern) } else { tables.templates.append(template) }
        }
        let whole = patterns.first(where: coversSubject)
        let coversAll = whole != nil
        statement.resources = tables.patterns.add(whole.map { [$0] } ?? patterns)
        statement.templates = firstTemplate..<Int32(tables.templates.count)
        let isEmpty = patterns.isEmpty && statement.templates.isEmpty
        if statement.excludesResources {
            statement.coversAllResources = isEmpty
            statement.canApply = !coversAll
            if isEmpty { statement.excludesResources = false }
            if coversAll { warning(at: element.value, "the statement can never apply: `NotResource` names everything") }
        } else {
            statement.coversAllResources = coversAll
            statement.canApply = !isEmpty
        }
    }

    /// Whether a pattern matches all that this policy is ever asked about: an API's policy, the methods of that API alone.
    private func coversSubject(_ pattern: PatternText) -> Bool {
        if pattern == PatternText(wildcards: "*".utf8) { return true }
        var ownMethods = PatternText(exactly: "\(scope.apiID)/".utf8)
        ownMethods.append(wildcards: "*".utf8)
        return scope.subject == .api && pattern == ownMethods
    }

    /// Reads resources of any service.
    mutating func readAnyResources(_ element: DocumentNode.Member, into statement: inout StandaloneStatement) {
        statement.excludesResources = element.key == "NotResource"
        for node in list(element.value, of: element.key) {
            guard let written = text(node, of: element.key) else { continue }
            switch readResource(written, node) {
            case .everything: statement.resources.append(.everything)
            case .arn(let segments): statement.resources.append(.arn(segments))
            case .shorthand(let template): statement.resources.append(.shorthand(template))
            case .nothing, nil: break
            }
        }
    }

    private mutating func readResource(_ written: String, _ node: DocumentNode) -> WrittenResource? {
        if written == "*" { return .everything }
        guard let template = readTemplate(written, node, wildcards: true) else { return nil }
        let shorthand = "execute-api:/".utf8.map { UInt16($0) }
        if template.tokens.starts(with: shorthand) {
            return .shorthand(Template(tokens: Array(template.tokens[shorthand.count...])))
        }
        var segments = template.segments()
        guard segments[0].tokens == "arn".utf8.map({ UInt16($0) }) || segments[0].tokens == [Template.anyRun] else {
            error(
                at: node, "\(quoted(written)) is not a resource",
                hint: "expected `*`, `execute-api:/…` or `arn:aws:execute-api:…`")
            return nil
        }
        if segments.count < 6 {
            // AWS completes a short ARN that holds a wildcard, and lets one without match nothing.
            guard template.tokens.contains(where: { $0 == Template.anyRun || $0 == Template.anyCharacter }) else {
                if dialect == .gateway { warnNeverMatches(written, node) }
                return .nothing
            }
            while segments.count < 6 { segments.append(Template(tokens: [Template.anyRun])) }
        }
        guard checkVariablePlaces(segments, written, node) else { return nil }
        return .arn(segments)
    }

    /// Variables stand behind the fifth colon only.
    mutating func checkVariablePlaces(_ segments: [Template], _ written: String, _ node: DocumentNode) -> Bool {
        guard segments[..<5].contains(where: \.hasVariables) else { return true }
        error(
            at: node, "a variable stands before the fifth colon of \(quoted(written))",
            hint: "variables belong into the last segment of an ARN")
        return false
    }

    /// nil for resources of elsewhere.
    private mutating func sixthSegment(
        _ resource: WrittenResource, _ written: String, _ node: DocumentNode
    ) -> Template? {
        switch resource {
        case .everything: return Template(tokens: [Template.anyRun])
        case .nothing: return nil
        case .shorthand(let rest):
            if scope.subject == .endpoint {
                error(
                    at: node, "\(quoted(written)) names no API, and an endpoint leads to all of them",
                    hint: "expected `*` or `\(scope.arnPrefix){api-id}/{stage}/{METHOD}/{path}`")
                return nil
            }
            let template = Template(tokens: "\(scope.apiID)/".utf8.map { UInt16($0) } + rest.tokens)
            warnIfUnreachable(template, written, node)
            return template
        case .arn(let segments):
            guard namesThisAccount(segments) else {
                warnNeverMatches(written, node)
                return nil
            }
            warnIfUnreachable(segments[5], written, node)
            return segments[5]
        }
    }

    private func namesThisAccount(_ segments: [Template]) -> Bool {
        let own = ["arn", scope.partition, "execute-api", scope.region, scope.account]
        return zip(segments, own).allSatisfy { segment, own in
            segment.pattern?.matches(own) ?? false
        }
    }

    private mutating func warnNeverMatches(_ written: String, _ node: DocumentNode) {
        warning(
            at: node, "the resource \(quoted(written)) can never match \(protected.name)", hint: protected.resources)
    }

    /// What the policy protects, in words.
    private var protected: (name: String, resources: String) {
        switch scope.subject {
        case .api: ("this API", "its resources begin with `\(scope.arnPrefix)\(scope.apiID)/`")
        case .endpoint: ("any API here", "resources begin with `\(scope.arnPrefix)`")
        case .domain(let resource): ("this domain", "its resource is `\(scope.arnPrefix)\(resource)`")
        }
    }

    private mutating func warnIfUnreachable(_ template: Template, _ written: String, _ node: DocumentNode) {
        let anything = template.tokens.map { $0 >= Template.firstVariable ? Template.anyRun : $0 }
        let pattern = PatternText(template: anything)
        switch ResourceReach(scope).verdict(on: pattern) {
        case .some(.otherAPI): warnNeverMatches(written, node)
        case .some(.noRequest):
            warning(
                at: node, "the resource \(quoted(written)) can never match a request",
                hint: "resources are `{api-id}/{stage}/{METHOD}/{path}`; `execute-api:/prod/*` covers a stage")
        case nil: break
        }
    }
}
