import ArgumentParser
import PosternControl
import PosternModel
import PosternPolicy

struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Decide one request, described here, and explain the decision.",
        discussion: """
            postern policy simulate --policy shop.json --source-ip 10.9.0.7 --endpoint vpce-mesh --stage prod --path /orders/7

            With --config and --api the policies are those that would be served: that of the listener which --endpoint names, if \
            it has one, and that of the API; the one that refuses is explained. What is not given is absent, as on a real \
            connection.

            Exits 0 when the request is allowed, 77 when it is denied, 78 when the policy is invalid.
            """)

    @Option(help: ArgumentHelp("A policy, JSON or YAML, or an API's file that holds or names it.", valueName: "file"))
    var policy: String?
    @Option(help: ArgumentHelp("postern.yaml, or the directory that holds it.", valueName: "path")) var config: String?
    @Option(help: "The API of the configuration; may be left out if there is one only.") var api: String?
    @OptionGroup(title: "Request") var request: RequestOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Answer: Encodable {
        var request: String
        var policy: String
        /// The listener that the policy is on; absent for an API's.
        var endpoint: String?
        var explanation: Explanation
    }

    func validate() throws {
        guard (policy == nil) != (config == nil) else { throw ValidationError("give one of --policy and --config") }
        if config == nil, api != nil {
            throw ValidationError("--api goes with --config; --api-id names the API of a --policy")
        }
        if config != nil, request.region != nil || request.account != nil || request.apiID != nil {
            throw ValidationError("--region, --account and --api-id are the configuration's with --config")
        }
        _ = try request.description()
    }

    func run() throws {
        var description = try request.description()
        let subjects: [Subject]
        do {
            subjects = try config.map { try served($0, &description) } ?? [try alone()]
        } catch let problems as Diagnostics {
            printError("\(problems)")
            throw ExitCode.configuration
        }
        if description.connection.unix != nil, description.connection.unix?.uid == nil {
            printError("note: a Unix socket's peer always has a number; without --uid `postern:UnixUid` is absent")
        }
        // The first that does not allow decides, or the API's, which is the last.
        for (place, subject) in subjects.enumerated() {
            let explanation = description.explanation(
                of: subject.policy, api: subject.api, document: subject.document)
            let isAllowed = explanation.decision.answer == .allow
            if isAllowed, place < subjects.count - 1 { continue }
            try tell(explanation, of: subject, description.title(subject.api))
            if !isAllowed { throw ExitCode.refused }
        }
    }

    private func tell(_ explanation: Explanation, of subject: Subject, _ title: String) throws {
        guard json else {
            let title = subject.endpoint.map { "\(title), policy of the listener `\($0)`" } ?? title
            return print(ExplanationText.render(explanation, title: title), terminator: "")
        }
        try printJSON(
            Answer(
                request: title, policy: subject.policy.statements[0].position.file, endpoint: subject.endpoint,
                explanation: explanation))
    }

    /// A policy to ask.
    private struct Subject {
        /// The id of the API that the request is for.
        var api: String
        var policy: Policy
        var document: DocumentNode?
        /// The listener that the policy is on; nil for the API's.
        var endpoint: String?
    }

    private func alone() throws -> Subject {
        let path = policy!
        let document = try PolicyFile.policy(path)
        var scope = request.scope
        if request.apiID == nil, PolicyFile.isAPI(path) {
            scope = try PolicyPlace.load(path: path, id: nil, account: request.account, region: request.region).scope
        }
        return Subject(api: scope.apiID, policy: try Policy.compile(document, for: scope), document: document)
    }

    /// The policies of a configuration on the way of the request, in the order in which they are asked; and what the
    /// configuration tells of the connection.
    private func served(_ path: String, _ description: inout RequestDescription) throws -> [Subject] {
        let loaded = try ConfigurationLoader.load(path: path)
        let plan = loaded.plan
        let known = plan.apis.map(\.id)
        guard let id = api ?? (known.count == 1 ? known[0] : nil) else {
            throw ValidationError(
                "the configuration has several APIs, name one with --api: \(known.joined(separator: ", "))")
        }
        guard let found = plan.apis.first(where: { $0.id == id }) else {
            throw ValidationError("there is no API `\(id)`; there are: \(known.joined(separator: ", "))")
        }
        guard found.stages.contains(where: { $0.name == description.stage }) else {
            let stages = found.stages.map(\.name).joined(separator: ", ")
            throw ValidationError("`\(id)` has no stage `\(description.stage)`; there are: \(stages)")
        }
        let match = RouteMatch.find(
            method: description.method, target: "/\(description.stage)\(description.path)", in: found)
        if case .matched = match.outcome {} else { printError("note: no route serves it: \(match.reason)") }
        guard let own = found.resourcePolicy else {
            printError("`\(id)` has no policy, so every request is denied")
            throw ExitCode.refused
        }
        let listener = loaded.process.listeners.first { $0.id == description.connection.sourceVpce }
        description.connection.sourceVpc = description.connection.sourceVpc ?? listener?.vpc
        let policies = [listener.flatMap { plan.endpoint(id: $0.id)?.policy }, own].compactMap(\.self)
        return try policies.map { planned in
            Subject(
                api: id, policy: planned.policy, document: try PolicyFile.document(of: planned.policy),
                endpoint: planned.kind == .endpoint ? planned.owner : nil)
        }
    }
}
