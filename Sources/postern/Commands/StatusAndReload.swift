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
        func line(_ name: String, _ value: String) { print(name.padded(to: 15) + value) }
        line("postern", "\(status.version), process \(status.processID), \(status.ready ? "ready" : "not ready")")
        line("configuration", "\(status.configuration), generation \(status.generation)")
        line("uptime", "\(status.uptimeSeconds) s, \(counted(status.eventLoops, "event loop"))")
        line("connections", "\(status.connections) open, \(counted(status.activeRequests, "request")) in progress")
        line("requests", "\(status.requests) ended, \(status.refusals) of them refused here")
        if status.droppedLogRecords > 0 { line("access log", "\(status.droppedLogRecords) records dropped") }
        if status.listeners.isEmpty { line("listener", "none, so nothing is served") }
        for listener in status.listeners {
            let network = listener.vpc.map { " in \($0)" } ?? ""
            line("listener", "\(listener.endpoint)\(network) on \(listener.addresses.joined(separator: ", "))")
        }
        for api in status.apis {
            let policy = api.hasPolicy ? "" : "; no policy, so every request is refused"
            line(
                "api",
                "\(api.id): stages \(api.stages.joined(separator: ", ")); \(counted(api.routes, "route"))\(policy)")
        }
        if let reload = status.lastReload {
            line("last reload", reload.succeeded ? "succeeded" : "failed: " + reload.messages.joined(separator: "; "))
        }
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
        if json { try printJSON(report) } else { report.messages.forEach { print($0) } }
        if !report.succeeded { throw ExitCode.failure }
    }
}

/// Asks the gateway, or tells that there is none.
func asking<Answer>(_ body: () throws -> Answer) throws -> Answer {
    do {
        return try body()
    } catch let failure as AdminClient.Failure {
        printError("postern: \(failure)")
        throw ExitCode.unavailable
    }
}
