import ArgumentParser
import PosternControl

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the running gateway is doing.",
        discussion: "Exits 69 when no gateway answers at the admin socket.")

    @OptionGroup var admin: AdminOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let status = try asking { try AdminClient(path: admin.path).status() }
        if json { return try printJSON(status) }
        for line in status.lines { print(line.name.padded(to: 15) + line.value) }
    }
}

struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the running gateway load its configuration again, and wait for the outcome.",
        discussion: """
            Exits 0 when the new configuration is served, 1 when it was refused and the old one keeps serving, 69 when no \
            gateway answers.
            """)

    @OptionGroup var admin: AdminOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let report = try asking { try AdminClient(path: admin.path).reload() }
        if json { try printJSON(report) } else { report.messages.forEach(printMessage) }
        if !report.succeeded { throw ExitCode.failure }
    }
}

/// Prints what the gateway says, which may have several lines. Whoever answers at the socket chose the text: none of it is to
/// command a terminal.
func printMessage(_ message: String) {
    for line in message.split(separator: "\n", omittingEmptySubsequences: false) { print(String(line).forTerminal) }
}

/// Asks the gateway, or tells that there is none, or that it does not answer us.
func asking<Answer>(_ body: () throws -> Answer) throws -> Answer {
    do {
        return try body()
    } catch let refused as AdminClient.Refused {
        printError("postern: \(refused)".forTerminal)
        throw ExitCode.refused
    } catch let failure as AdminClient.Failure {
        printError("postern: \(failure)".forTerminal)
        throw ExitCode.unavailable
    }
}
