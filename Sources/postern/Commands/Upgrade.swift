import ArgumentParser
import PosternControl

struct Upgrade: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a new process of the installed program take the running gateway's place.",
        discussion: """
            The running gateway starts the program file that it was started from, which may be a newer version by now, hands \
            it the listening sockets, and lets it come up and check the configuration. Only when it serves does the old \
            process stop accepting; it ends once its requests have ended. No connection is refused on the way.

            Exits 0 when the new process serves, 1 when it failed and the old one keeps serving, 69 when no gateway answers.
            """)

    @OptionGroup var admin: AdminOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let report = try asking { try AdminClient(path: admin.path).upgrade() }
        if json { try printJSON(report) } else { report.messages.forEach(printMessage) }
        if !report.succeeded { throw ExitCode.failure }
    }
}
