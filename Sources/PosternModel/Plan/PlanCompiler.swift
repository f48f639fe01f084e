package import PosternPolicy

/// Turns declared APIs into the plan that the gateway serves, checking what only the whole can show: ids given twice,
/// the rules of the resource tree, and every integration in every stage.
package struct PlanCompiler {
    private var problems: [Diagnostic] = []
    private var reported: Set<Diagnostic> = []
    private var warnings: [Diagnostic] = []
    private var routes: [PlannedRoute] = []
    private var targets: [UpstreamTarget] = []
    private var targetIndices: [UpstreamTarget: Int] = [:]

    /// - parameters:
    ///   - endpoints: every listener.
    ///   - generation: the plan's number, from 1.
    /// - throws: every problem of every API and domain, each once.
    package static func compile(
        _ declarations: [APIDeclaration], endpoints: [EndpointDeclaration] = [], domains: [DomainDeclaration] = [],
        generation: Int
    ) throws(Diagnostics) -> Plan {
        var compiler = PlanCompiler()
        compiler.checkIDs(declarations)
        compiler.warnings += endpoints.flatMap { $0.policy?.warnings ?? [] }
        let apis = declarations.enumerated().map { compiler.api($0.element, index: $0.offset) }
        let planned = domains.enumerated().map { compiler.domain($0.element, index: $0.offset, apis) }
        guard compiler.problems.isEmpty else { throw Diagnostics(compiler.problems) }
        return Plan(
            generation: generation, apis: apis,
            endpoints: endpoints.map { endpoint in
                PlannedEndpoint(
                    id: endpoint.id, policy: endpoint.policy.map { PlannedPolicy(.endpoint, of: endpoint.id, $0) })
            },
            domains: planned, routes: compiler.routes, targets: compiler.targets, warnings: compiler.warnings)
    }

    private mutating func domain(
        _ declaration: DomainDeclaration, index: Int, _ apis: [PlannedAPI]
    ) -> PlannedDomain {
        warnings += declaration.policy?.warnings ?? []
        let mappings = declaration.mappings.compactMap { self.mapping($0, apis) }
        return PlannedDomain(declaration, index: index, mappings: mappings)
    }

    /// nil when it leads nowhere; the plan is then never published.
    private mutating func mapping(_ mapping: DomainDeclaration.Mapping, _ apis: [PlannedAPI]) -> PlannedMapping? {
        guard let api = apis.first(where: { $0.id == mapping.api }) else {
            report(
                Diagnostic(
                    at: mapping.apiPosition, "no API has the id `\(mapping.api.abbreviated)`",
                    hint: NearestName.hint(for: mapping.api, among: apis.map(\.id).sorted(), called: "APIs")))
            return nil
        }
        guard let name = mapping.stage else { return PlannedMapping(basePath: mapping.basePath, api: api, stage: nil) }
        guard let stage = api.stages.first(where: { $0.name == name }) else {
            let known = api.stages.map(\.name)
            report(
                Diagnostic(
                    at: mapping.stagePosition, "API `\(api.id)` has no stage `\(name.abbreviated)`",
                    hint: NearestName.hint(for: name, among: known, called: "stages of `\(api.id)`")))
            return nil
        }
        return PlannedMapping(basePath: mapping.basePath, api: api, stage: stage)
    }

    private mutating func checkIDs(_ declarations: [APIDeclaration]) {
        var first: [String: SourcePosition] = [:]
        for declaration in declarations where !declaration.id.isEmpty {
            if let other = first[declaration.id] {
                report(
                    Diagnostic(
                        at: declaration.idPosition, "API id `\(declaration.id)` is used twice",
                        hint: "first at \(other.place)"))
            } else {
                first[declaration.id] = declaration.idPosition
            }
        }
    }

    private mutating func api(_ declaration: APIDeclaration, index: Int) -> PlannedAPI {
        if let policy = declaration.policy {
            warnings += policy.warnings
        } else if declaration.mayLackPolicy {
            warnings.append(
                Diagnostic(
                    .warning, at: declaration.idPosition,
                    "API `\(declaration.id)` has no policy and refuses every request",
                    hint: "add `policy:` with a file or a policy document"))
        }
        var builder = ResourceTreeBuilder()
        for (number, route) in declaration.routes.enumerated() {
            do throws(Diagnostics) {
                try builder.add(route, number: number)
            } catch {
                error.all.forEach { report($0) }
            }
        }
        let tree = builder.build()
        let stages = declaration.stages.enumerated().map { place, stage in
            let planned = declaration.routes.map { self.route($0, in: stage, of: declaration) }
            return PlannedStage(
                name: stage.name, apiIndex: index, index: place, tree: tree, routes: planned.compactMap(\.self))
        }
        return PlannedAPI(index: index, scope: declaration.scope, policy: declaration.policy, stages: stages)
    }

    /// nil when its integration has a problem in this stage; the plan is then never published.
    private mutating func route(
        _ route: RouteDeclaration, in stage: StageDeclaration, of api: APIDeclaration
    ) -> PlannedRoute? {
        let integration: PlannedIntegration
        switch route.integration {
        case .unusable: return nil
        case .mock(let mock): integration = .mock(mock)
        case .httpProxy(let proxy):
            guard let planned = httpProxy(proxy, of: route, in: stage) else { return nil }
            integration = .httpProxy(planned)
        }
        let planned = PlannedRoute(
            index: routes.count, apiID: api.id, stage: stage.name, resourcePath: route.path.text,
            verb: route.verb.text, parameterNames: route.path.parameterNames, integration: integration)
        routes.append(planned)
        return planned
    }

    private mutating func httpProxy(
        _ proxy: HTTPProxyDeclaration, of route: RouteDeclaration, in stage: StageDeclaration
    ) -> HTTPProxyIntegration? {
        let parameters = route.path.parameterNames
        let uri = resolve(proxy.uri, in: stage) { text throws(DeclarationProblem) in
            try IntegrationURI(text, parameters: parameters)
        }
        let spread = proxy.targets.map { template in
            resolve(template, in: stage) { text throws(DeclarationProblem) in try UpstreamTarget(text) }
        }
        guard let uri, !spread.contains(where: { $0 == nil }) else { return nil }
        let profile: UpstreamTLSProfile?
        do throws(Diagnostics) {
            profile = try UpstreamTLSProfile.planned(for: uri, of: proxy, in: stage)
        } catch {
            error.all.forEach { report($0) }
            return nil
        }
        let targets = (spread.isEmpty ? [uri.target] : spread.compactMap(\.self)).map { $0.secured(by: profile) }
        return HTTPProxyIntegration(
            targets: targets, targetIndices: targets.map { index(of: $0) }, hostHeader: Array(uri.hostHeader.utf8),
            path: uri.path, query: Array(uri.query.utf8), method: proxy.method,
            timeoutMilliseconds: proxy.timeoutMilliseconds,
            connectTimeoutMilliseconds: proxy.connectTimeoutMilliseconds,
            forwardClientCertificate: proxy.forwardClientCertificate)
    }

    /// Fills in the stage's variables and reads the result; a problem names the stage and the values it comes from.
    private mutating func resolve<Result>(
        _ template: StageTemplate, in stage: StageDeclaration,
        _ read: (String) throws(DeclarationProblem) -> Result
    ) -> Result? {
        let undefined = template.variables.filter { !stage.variables.keys.contains($0) }
        for name in undefined {
            let kind = "variables of stage `\(stage.name)`"
            report(
                Diagnostic(
                    at: template.position, "stage variable `\(name)` is not defined in stage `\(stage.name)`",
                    hint: NearestName.hint(for: name, among: stage.variables.keys.sorted(), called: kind)))
        }
        guard let text = template.resolved({ stage.variables[$0] ?? nil }) else { return nil }
        do throws(DeclarationProblem) {
            return try read(text)
        } catch {
            var message = error.message
            if !template.variables.isEmpty {
                let values = template.variables.map { "`\($0)` is `\((stage.variables[$0] ?? nil) ?? "")`" }
                message += ", in stage `\(stage.name)` where \(values.joined(separator: " and "))"
            }
            report(Diagnostic(at: template.position, message, hint: error.hint))
            return nil
        }
    }

    private mutating func index(of target: UpstreamTarget) -> Int {
        if let index = targetIndices[target] { return index }
        targetIndices[target] = targets.count
        targets.append(target)
        return targets.count - 1
    }

    private mutating func report(_ problem: Diagnostic) {
        if reported.insert(problem).inserted { problems.append(problem) }
    }
}
