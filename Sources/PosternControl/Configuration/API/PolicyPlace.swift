import PosternModel
package import PosternPolicy

/// What the analysis of a policy goes by: the names in its ARNs, and the routes of its API.
package struct PolicyPlace: Sendable {
    package let scope: PolicyScope
    /// nil: any path may be a route.
    package let routes: AnalysedRoutes?

    package init(scope: PolicyScope, routes: AnalysedRoutes? = nil) {
        self.scope = scope
        self.routes = routes
    }

    /// - Parameters:
    ///   - path: an API's own file, `postern.yaml`, or the directory that holds it.
    ///   - id: the API, where there are several.
    ///   - account, region: for an API's own file, which does not tell.
    /// - Throws: every problem of what is read, or that there is no such API.
    package static func load(
        path: String, id: String?, account: String?, region: String?
    ) throws(Diagnostics) -> PolicyPlace {
        let declarations = try declarations(path, account, region)
        let known = declarations.map { "`\($0.id)`" }.joined(separator: ", ")
        let start = SourcePosition(file: path, line: 1, column: 1)
        if let id {
            guard let found = declarations.first(where: { $0.id == id }) else {
                throw Diagnostics([
                    Diagnostic(at: start, "there is no API \(id.abbreviated)", hint: "there are: \(known)")
                ])
            }
            return PolicyPlace(found)
        }
        guard declarations.count == 1 else {
            throw Diagnostics([
                Diagnostic(
                    at: start, "there are \(declarations.count) APIs", hint: "name one with `--api-id`: \(known)")
            ])
        }
        return PolicyPlace(declarations[0])
    }

    init(_ api: APIDeclaration) {
        scope = api.scope
        routes = AnalysedRoutes(
            stages: api.stages.map(\.name),
            routes: api.routes.map { route in
                AnalysedRoutes.Route(verb: route.verb.text, path: route.path.parts.map(AnalysedRoutes.Part.init))
            })
    }

    private static func declarations(
        _ path: String, _ account: String?, _ region: String?
    ) throws(Diagnostics) -> [APIDeclaration] {
        guard !ConfigurationFile.isDirectory(path) else { return try ConfigurationLoader.load(path: path).apis }
        let document = try PolicyFile.read(path)
        guard document.isAPI else { return try ConfigurationLoader.load(path: path).apis }
        let report = ProblemReport()
        let standard = ProcessConfiguration()
        let decoder = APIDecoder(
            account: account ?? standard.account, region: region ?? standard.region, report: report)
        let declaration = decoder.decode(document)
        guard report.errors.isEmpty, let declaration else { throw Diagnostics(report.errors) }
        // Its own check finds what only the whole of the routes shows.
        _ = try PlanCompiler.compile([declaration], generation: 1)
        return [declaration]
    }
}

extension AnalysedRoutes.Part {
    fileprivate init(_ part: ResourcePath.Part) {
        self =
            switch part {
            case .literal(let text): .literal(text)
            case .parameter(let name): .parameter(name)
            case .greedy(let name): .greedy(name)
            }
    }
}
