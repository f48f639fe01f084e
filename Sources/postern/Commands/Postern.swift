import ArgumentParser

@main
struct Postern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern",
        abstract: "A private API gateway for the services of a host or an internal network.",
        discussion: """
            Postern listens on internal interfaces, internal addresses and Unix sockets only; asks a resource policy (AWS \
            policy JSON) about every request; and passes what the policy allows on to internal services.

            Start with `postern quickstart`, or write a configuration, look at it with `postern check`, and serve it with \
            `postern serve`.

            Exit codes: 0 fine, 1 failed, 2 differences found, 64 usage, 69 no gateway answers, 77 refused, 78 the \
            configuration is invalid.
            """,
        version: Version.text,
        subcommands: [
            Serve.self, Check.self, Routes.self, PolicyCommand.self, Status.self, Certs.self, Reload.self, Upgrade.self,
            Explain.self,
            Quickstart.self,
            VersionCommand.self,
        ])
}

/// Exit codes beside those of the argument parser.
extension ExitCode {
    /// sysexits.h: EX_UNAVAILABLE.
    static let unavailable = ExitCode(69)
    /// sysexits.h: EX_NOPERM.
    static let refused = ExitCode(77)
    /// sysexits.h: EX_CONFIG.
    static let configuration = ExitCode(78)
}

struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp("postern.yaml, or the directory that holds it.", valueName: "path"))
    var path = "/etc/postern"
}

struct AdminOption: ParsableArguments {
    @Option(
        name: .customLong("admin"),
        help: ArgumentHelp("The gateway's admin socket, `@name` for an abstract one.", valueName: "path"))
    var path = "/run/postern/admin.sock"
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() { print("postern \(Version.text)") }
}
