import ArgumentParser
import PosternControl
import PosternModel
import PosternPolicy

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration: every problem of the whole tree, each with file:line:column.",
        discussion: "Exits 0 when the configuration can be served (warnings are printed), 78 when it cannot.")

    @OptionGroup var config: ConfigurationOption
    @Flag(help: "Print the problems as JSON.") var json = false

    private struct Problem: Encodable {
        var severity: String
        var file: String
        var line: Int
        var column: Int
        var message: String
        var hint: String?

        init(_ diagnostic: Diagnostic) {
            severity = diagnostic.severity.rawValue
            file = diagnostic.position.file
            line = diagnostic.position.line
            column = diagnostic.position.column
            message = diagnostic.message
            hint = diagnostic.hint
        }
    }

    func run() throws {
        do {
            let loaded = try ConfigurationLoader.load(path: config.path)
            let materials = try TLSMaterialLoader.load(loaded, environment: .ofProcess())
            let warnings = loaded.warnings + materials.warnings
            if json { return try printJSON(warnings.map(Problem.init)) }
            for warning in warnings { print(warning) }
            let listeners = counted(loaded.process.listeners.count, "listener")
            print("\(loaded.file): fine: \(listeners), \(loaded.plan.summary)")
        } catch let problems as Diagnostics {
            if json { try printJSON(problems.all.map(Problem.init)) } else { printError("\(problems)") }
            throw ExitCode.configuration
        }
    }
}

extension Plan {
    /// How much there is, in words: routes as they are declared, each once for all stages.
    var summary: String {
        let stages = apis.reduce(0) { $0 + $1.stages.count }
        let routes = apis.reduce(0) { $0 + ($1.stages.first?.routes.count ?? 0) }
        return "\(counted(apis.count, "API")), \(counted(stages, "stage")), \(counted(routes, "route"))"
    }
}

/// `1 route`, `2 routes`
func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
