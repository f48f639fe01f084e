import ArgumentParser
import PosternControl
import PosternModel
import PosternPolicy

struct Routes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the routes, or tell which one a request would take.",
        discussion: """
            postern routes --match 'GET /dev/orders/7'
            postern routes --match 'GET /v1/orders/7' --host shop.internal

            Exits 0 when a route serves the request, 77 when it would be refused as unrouted. The policy is not asked.
            """)

    @OptionGroup var config: ConfigurationOption
    @Option(help: ArgumentHelp("A method and a path with its stage.", valueName: "'METHOD /stage/path'"))
    var match: String?
    @Option(
        help: ArgumentHelp("With --match: a domain, or a host name that begins with an API's id.", valueName: "name"))
    var host: String?
    @Option(help: "The API's id; all APIs when it is left out.") var api: String?
    @Flag(help: "Print JSON.") var json = false

    private struct Row: Encodable {
        var api: String
        var stage: String
        var verb: String
        var resourcePath: String
        var targets: [String]
    }

    private struct Match: Encodable {
        var api: String
        var stage: String?
        var served: Bool
        var reason: String
        var resourcePath: String?
        var verb: String?
        var parameters: [String: String]?
        var integration: String?
        var targets: [String]?
    }

    func run() throws {
        let plan: Plan
        do {
            plan = try ConfigurationLoader.load(path: config.path).plan
        } catch {
            printError("\(error)")
            throw ExitCode.configuration
        }
        let apis = plan.apis.filter { api == nil || $0.id == api }
        if let api, apis.isEmpty {
            throw ValidationError("there is no API `\(api)`; there are: \(plan.apis.map(\.id).joined(separator: ", "))")
        }
        guard let match else { return try list(apis) }
        let words = match.split(separator: " ").map(String.init)
        guard words.count == 2 else {
            throw ValidationError("--match takes a method and a path, such as 'GET /dev/orders/7'")
        }
        var matches: [RouteMatch] = []
        if let host {
            do throws(RouteMatch.HostProblem) {
                matches = [try RouteMatch.find(method: words[0], target: words[1], host: host, in: plan)]
            } catch {
                printError(error.message)
                throw ExitCode.refused
            }
        } else {
            matches = apis.map { RouteMatch.find(method: words[0], target: words[1], in: $0) }
        }
        try tell(matches)
    }

    func validate() throws {
        if host != nil, match == nil { throw ValidationError("--host goes with --match") }
        if host != nil, api != nil { throw ValidationError("--host names the API; leave out --api") }
    }

    private func list(_ apis: [PlannedAPI]) throws {
        let rows = apis.flatMap { api in
            api.stages.flatMap { stage in
                stage.routes.map { route in
                    Row(
                        api: api.id, stage: stage.name, verb: route.verb, resourcePath: route.resourcePath,
                        targets: route.targetNames)
                }
            }
        }
        if json { return try printJSON(rows) }
        for row in rows {
            print("\(row.api)  \(row.verb) /\(row.stage)\(row.resourcePath)  → \(row.targets.joined(separator: ", "))")
        }
    }

    private func tell(_ matches: [RouteMatch]) throws {
        let rows = matches.map { match in
            var row = Match(api: match.api, stage: match.stage, served: false, reason: match.reason)
            if case .matched(let route) = match.outcome {
                row.served = true
                row.resourcePath = route.resourcePath
                row.verb = route.verb
                row.parameters = Dictionary(route.captures.map { ($0.name, $0.value) }) { first, _ in first }
                row.integration = route.integration
                row.targets = route.targets
            }
            return row
        }
        if json { try printJSON(rows) } else { rows.forEach(show) }
        if !rows.contains(where: \.served) { throw ExitCode.refused }
    }

    private func show(_ row: Match) {
        print("\(row.api): \(row.reason)")
        if let stage = row.stage, row.served { print("  stage        \(stage)") }
        for (name, value) in (row.parameters ?? [:]).sorted(by: { $0.key < $1.key }) {
            print("  {\(name)}".padded(to: 15) + value)
        }
        if let integration = row.integration { print("  integration  \(integration)") }
        if let targets = row.targets, !targets.isEmpty { print("  targets      \(targets.joined(separator: ", "))") }
    }
}

extension PlannedRoute {
    fileprivate var targetNames: [String] {
        switch integration {
        case .httpProxy(let proxy): proxy.targets.map { "\($0)" }
        case .mock: ["MOCK"]
        }
    }
}

extension String {
    /// Spaces behind it up to a width, for columns.
    func padded(to width: Int) -> String {
        count >= width ? self + " " : self + String(repeating: " ", count: width - count)
    }
}
