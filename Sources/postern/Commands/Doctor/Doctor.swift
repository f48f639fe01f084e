import ArgumentParser
import PosternControl

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at this machine: whether a gateway with this configuration can serve here, and what to do.",
        discussion: """
            Looks and asks only; nothing is changed. Run it as root, who sees all there is to see.

            Exits 0 when all is well, 2 when there are warnings, 1 when something failed, 78 when the configuration is \
            invalid.
            """)

    @OptionGroup var config: ConfigurationOption
    @Option(
        name: .customLong("admin"),
        help: ArgumentHelp("The gateway's admin socket; by default the configured one.", valueName: "path"))
    var admin: String?
    @Flag(help: "Judge a gateway that is started with `serve --allow-root`.") var allowRoot = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let report = Examination(configurationPath: config.path, adminPath: admin, allowsRoot: allowRoot).report()
        if json { try printJSON(report) } else { show(report) }
        if !report.configurationIsValid { throw ExitCode.configuration }
        switch report.verdict {
        case .ok: return
        case .warning: throw ExitCode.different
        case .failed: throw ExitCode.failure
        }
    }

    private func show(_ report: DoctorReport) {
        for finding in report.findings {
            print("\(finding.verdict)".padded(to: 9) + finding.check.padded(to: 15) + finding.found.forTerminal)
            if let advice = finding.advice { print("".padded(to: 24) + "→ " + advice.forTerminal) }
        }
    }
}
