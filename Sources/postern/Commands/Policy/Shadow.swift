import ArgumentParser
import PosternControl

struct Shadow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shadow",
        abstract: "Show what statements in shadow mode would do.",
        subcommands: [ShadowReportCommand.self])
}

struct ShadowReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show what the running gateway's statements in shadow mode would have done, by route.",
        discussion: "Exits 69 when no gateway answers at the admin socket.")

    @OptionGroup var admin: AdminOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let report = try asking { try AdminClient(path: admin.path).shadow() }
        if json { return try printJSON(report) }
        guard report.statements > 0 || !report.rows.isEmpty else {
            return print("no statement is in shadow mode")
        }
        guard !report.rows.isEmpty else {
            let verb = report.statements == 1 ? "is" : "are"
            return print("\(counted(report.statements, "statement")) \(verb) in shadow mode; no request has met them")
        }
        for row in report.rows {
            print(
                "\(row.api)/\(row.stage) \(row.route): `\(row.statement)` of the \(row.policy) policy of `\(row.owner)`"
            )
            print(
                "  \(counted(row.requests, "request")): would deny \(row.wouldDeny), would allow \(row.wouldAllow)"
                    + (row.exampleRequestID.map { ", last \($0) at \(row.exampleTime ?? "")" } ?? ""))
        }
    }
}
