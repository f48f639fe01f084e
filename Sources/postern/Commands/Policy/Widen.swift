import ArgumentParser
import PosternControl
import PosternPolicy

struct Widen: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell who gains and who loses access by a change of a policy.",
        discussion: """
            postern policy widen old.json new.json --api apis.d/shop.yaml

            Compares the two over all sources and routes, in the classes that they tell apart; nothing is sampled.

            Exits 0 when nobody gains access, 2 when somebody does or may, 78 when a policy or the API is invalid.
            """)

    @Argument(help: "The policy as it is, JSON or YAML, or an API's file that holds or names it.") var old: String
    @Argument(help: "The policy as it will be.") var new: String
    @OptionGroup var options: AnalysisOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Answer: Encodable {
        var widens: Bool
        var problems: [String]
        var changes: [Change]
    }

    private struct Change: Encodable {
        var change: String
        /// False where a comparison with variables has a part in it.
        var certain: Bool
        var source: [String: [String]]
        var routes: [String]
        var statement: String?
        var formerStatement: String?
    }

    func run() throws {
        let found: AccessComparison
        do throws(Diagnostics) {
            let documents = (try PolicyFile.policy(old), try PolicyFile.policy(new))
            let place = try options.place(of: [documents.0, documents.1], in: new)
            let before = try AnalysedPolicy.compile(documents.0, for: place.scope)
            let after = try AnalysedPolicy.compile(documents.1, for: place.scope)
            for warning in before.policy.warnings + after.policy.warnings { printError("\(warning)") }
            found = AccessComparison.compare(before, after, routes: place.routes)
        } catch {
            printError("\(error)")
            throw ExitCode.configuration
        }
        if json { try printJSON(answer(found)) } else { tell(found) }
        if found.widens { throw ExitCode.different }
    }

    private func answer(_ found: AccessComparison) -> Answer {
        Answer(
            widens: found.widens, problems: found.problems,
            changes: found.changes.map { change in
                Change(
                    change: change.kind.rawValue, certain: change.isCertain,
                    source: Dictionary(change.source.map { ($0.fact, $0.values) }) { $0 + $1 },
                    routes: change.routes, statement: change.statement?.label,
                    formerStatement: change.formerStatement?.label)
            })
    }

    private func tell(_ found: AccessComparison) {
        for problem in found.problems { print("not compared in full, so taken as more access: \(problem)") }
        for change in found.changes { print(change.line) }
        if found.changes.isEmpty, found.problems.isEmpty { print("nobody gains or loses access") }
    }
}

extension AccessChange {
    /// `newly allowed: 10.9.0.0/16 via vpce-mesh → GET /prod/order/{id}   by statement "Mesh"`
    fileprivate var line: String {
        let verb = isCertain ? "newly \(kind.rawValue)" : "may be newly \(kind.rawValue)"
        return "\(verb): \(sourceText) → \(routes.abridged(", "))   \(reason)"
    }

    private var sourceText: String {
        var way = source.filter { $0.fact == "address" }.map { $0.values.abridged(", ") }
        way += source.filter { $0.fact == "aws:SourceVpce" }.map { "via \($0.values.abridged(", "))" }
        var parts = way.isEmpty ? [] : [way.joined(separator: " ")]
        for condition in source where condition.fact != "address" && condition.fact != "aws:SourceVpce" {
            parts.append("\(condition.fact): \(condition.values.abridged(", "))")
        }
        return parts.isEmpty ? "everyone" : parts.joined(separator: "; ")
    }

    private var reason: String {
        switch (kind, statement, formerStatement) {
        case (.allowed, let statement?, let former?):
            "by statement \"\(statement.label)\", no longer denied by \"\(former.label)\""
        case (_, let statement?, _): "by statement \"\(statement.label)\""
        case (_, nil, let former?): "no longer by statement \"\(former.label)\""
        case (_, nil, nil): ""
        }
    }
}

extension [String] {
    /// Eight at most.
    fileprivate func abridged(_ separator: String) -> String {
        let shown = prefix(8).joined(separator: separator)
        return count > 8 ? "\(shown) and \(count - 8) more" : shown
    }
}

extension ExitCode {
    /// Differences, or findings.
    static let different = ExitCode(2)
}
