import ArgumentParser
import PosternControl
import PosternModel
import PosternPolicy

struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Decide one request, described here, and explain the decision.",
        discussion: """
            postern policy simulate --policy shop.json --source-ip 10.9.0.7 --endpoint vpce-mesh --stage prod --path /orders/7

            With --config and --api the policy, the region and the account are those that would be served. What is not \
            given is absent, as on a real connection; --user without --uid is a user whose number is unknown (4294967295).

            Exits 0 when the request is allowed, 77 when it is denied, 78 when the policy is invalid.
            """)

    @Option(help: ArgumentHelp("A policy document, JSON or YAML.", valueName: "file")) var policy: String?
    @Option(help: ArgumentHelp("postern.yaml, or the directory that holds it.", valueName: "path")) var config: String?
    @Option(help: "The API of the configuration; may be left out if there is one only.") var api: String?
    @OptionGroup(title: "Request") var request: RequestOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Answer: Encodable {
        var request: String
        var policy: String
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
        let description = try request.description()
        let subject: (policy: Policy, document: DocumentNode?)
        do {
            subject = try find()
        } catch let problems as Diagnostics {
            printError("\(problems)")
            throw ExitCode.configuration
        }
        let explanation = description.explanation(of: subject.policy, document: subject.document)
        let title = description.title(subject.policy.scope)
        if json {
            let file = subject.policy.statements[0].position.file
            try printJSON(Answer(request: title, policy: file, explanation: explanation))
        } else {
            print(ExplanationText.render(explanation, title: title), terminator: "")
        }
        if explanation.decision.answer != .allow { throw ExitCode.refused }
    }

    private func find() throws -> (Policy, DocumentNode?) {
        if let path = policy {
            let document = try PolicyFile.read(path)
            return (try Policy.compile(document, for: request.scope), document)
        }
        let plan = try ConfigurationLoader.load(path: config!).plan
        let known = plan.apis.map(\.id)
        guard let id = api ?? (known.count == 1 ? known[0] : nil) else {
            throw ValidationError(
                "the configuration has several APIs, name one with --api: \(known.joined(separator: ", "))")
        }
        guard let found = plan.apis.first(where: { $0.id == id }) else {
            throw ValidationError("there is no API `\(id)`; there are: \(known.joined(separator: ", "))")
        }
        guard let policy = found.policy else {
            printError("`\(id)` has no policy, so every request is denied")
            throw ExitCode.refused
        }
        return (policy, try PolicyFile.document(of: policy))
    }
}
