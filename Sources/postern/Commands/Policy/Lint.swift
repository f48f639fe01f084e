import ArgumentParser
import PosternControl
import PosternPolicy

struct Lint: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find what is legal in a policy but hardly meant.",
        discussion: """
            postern policy lint policies/*.json --api apis.d/shop.yaml
            postern policy lint apis.d/shop.yaml
            postern policy lint --config /etc/postern

            An API's file stands for the policy that it holds or names, with its routes; a configuration for all of its \
            policies.

            Rules: \(LintFinding.Rule.allCases.map(\.rawValue).joined(separator: ", ")).

            Exits 0 when there is nothing to find, 2 when there is, 78 when a policy or the API is invalid.
            """)

    @Argument(help: "Policies, JSON or YAML, or APIs' files.") var files: [String] = []
    @Option(help: ArgumentHelp("postern.yaml, or the directory that holds it.", valueName: "path")) var config: String?
    @OptionGroup var options: AnalysisOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Row: Encodable {
        var rule: String
        var file: String
        var line: Int
        var column: Int
        var message: String
        var hint: String?

        init(_ finding: LintFinding) {
            rule = finding.rule.rawValue
            file = finding.position.file
            line = finding.position.line
            column = finding.position.column
            message = finding.message
            hint = finding.hint
        }
    }

    func validate() throws {
        if files.isEmpty, config == nil { throw ValidationError("name a policy, or a configuration with --config") }
    }

    func run() throws {
        var findings: [LintFinding] = []
        var isInvalid = false
        for file in files {
            do throws(Diagnostics) {
                let document = try PolicyFile.policy(file)
                let place = try options.place(of: [document], in: file)
                findings += try PolicyLint.findings(in: document, for: place.scope, routes: place.routes)
            } catch {
                printError("\(error)")
                isInvalid = true
            }
        }
        do throws(Diagnostics) {
            if let config { findings += try PolicyPlace.lint(configuration: config) }
        } catch {
            printError("\(error)")
            isInvalid = true
        }
        if json { try printJSON(findings.map(Row.init)) } else { for finding in findings { print(finding.line) } }
        if isInvalid { throw ExitCode.configuration }
        if !findings.isEmpty { throw ExitCode.different }
    }
}

extension LintFinding {
    /// `file:line:column: rule: message (hint)`
    fileprivate var line: String {
        let tail = hint.map { " (\($0))" } ?? ""
        return "\(position.file):\(position.line):\(position.column): \(rule.rawValue): \(message)\(tail)"
    }
}
