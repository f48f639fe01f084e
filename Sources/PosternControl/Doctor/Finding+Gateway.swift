package import PosternHTTP
package import PosternPolicy

/// What concerns the gateway itself: its configuration, its certificates, its ways in, and the one that runs.
extension Finding {
    package static func configuration(_ loaded: LoadedConfiguration) -> Finding {
        guard let first = loaded.warnings.first else { return .ok("configuration", "\(loaded.file) is valid") }
        let more = loaded.warnings.count > 1 ? " and \(loaded.warnings.count - 1) more" : ""
        return .warning(
            "configuration", "\(first)\(more)", "`postern check --config \(loaded.file)` lists what is hardly meant")
    }

    package static func configuration(_ problems: Diagnostics) -> Finding {
        let more = problems.all.count > 1 ? " and \(problems.all.count - 1) more" : ""
        return .failed(
            "configuration", "\(problems.all.first.map(\.description) ?? "")\(more)",
            "`postern check` lists every problem")
    }

    /// Days in which somebody has to act.
    private static let soon = 14

    package static func certificates(_ summary: CertificatesSummary) -> [Finding] {
        var findings = summary.expired.map { end in
            Finding.failed(
                "certificates", "\(end.kind) \(end.subject) of \(end.holder) ended \(end.endsAt)",
                "put a new one in its place; files are watched, no reload is needed")
        }
        findings += summary.problems.map {
            .failed(
                "certificates", "what the files hold cannot be served: \($0)",
                "correct them; the old ones stay until then")
        }
        if let next = summary.next, next.daysLeft < soon, next.kind != "revocationList" {
            findings.append(
                .warning(
                    "certificates",
                    "\(next.kind) \(next.subject) of \(next.holder) ends in \(ReportText.count(next.daysLeft, "day"))",
                    "renew it before \(next.endsAt)"))
        }
        guard findings.isEmpty else { return findings }
        let next = summary.next.map { ", next to end \($0.endsAt)" } ?? ""
        return [.ok("certificates", "\(summary.certificates) own, \(summary.trusted) trusted\(next)")]
    }

    /// Who has an address that is taken.
    package enum Holder: Sendable, Equatable {
        /// The running gateway listens there.
        case served
        /// No gateway runs, and the service manager keeps so many of its sockets for the next start.
        case stored(Int)
    }

    /// - Parameter outcome: of trying to bind it; nil: it worked, or was not tried.
    package static func listener(
        _ id: String, place: String, taken: Holder? = nil, outcome: ListenerError? = nil
    ) -> Finding {
        switch taken {
        case .served: return .ok("listeners", "\(id) is served on \(place) by the running gateway")
        case .stored(let count):
            return .ok(
                "listeners",
                "\(place) of \(id) is taken; systemd keeps \(ReportText.count(count, "socket")) of the gateway")
        case nil: break
        }
        guard let outcome else { return .ok("listeners", "\(id) can listen on \(place)") }
        // What is wrong, and behind the semicolon what helps.
        let parts = "\(outcome.problem)".split(separator: ";", maxSplits: 1).map { $0.drop { $0 == " " } }
        return .failed(
            "listeners", "\(id): \(parts.first ?? "")", parts.count > 1 ? String(parts[1]) : "correct the listener")
    }

    package static func inherited(
        _ name: String, listener: String, sockets: [(name: String, unit: String, isActive: Bool)]
    ) -> Finding {
        guard let socket = sockets.first(where: { $0.name == name }) else {
            return .failed(
                "listeners", "\(listener) inherits the socket `\(name)`, which no loaded socket unit has",
                "write a socket unit with `FileDescriptorName=\(name)` and `Service=postern.service`")
        }
        return socket.isActive
            ? .ok("listeners", "\(listener) inherits `\(name)` from \(socket.unit)")
            : .failed(
                "listeners", "\(listener) inherits `\(name)` from \(socket.unit), which is not active",
                "`systemctl start \(socket.unit)`")
    }

    /// - Parameter running: nil: nobody answers, for this reason.
    package static func gateway(
        _ running: StatusReport?, reason: String, isRefused: Bool, installed version: String
    ) -> Finding {
        guard let running else {
            return isRefused
                ? .warning("gateway", reason, "ask as root, or as a user with the role `read`")
                : .warning("gateway", reason, "start it: `systemctl start postern`; `--admin` names another socket")
        }
        let name = "postern \(running.version) runs as process \(running.processID)"
        if running.version != version {
            return .warning(
                "gateway", "\(name), and \(version) is installed", "`postern upgrade` starts the installed one")
        }
        if let reload = running.lastReload, !reload.succeeded {
            return .failed(
                "gateway", "\(name), but refused the configuration at \(reload.at): \(reload.messages.first ?? "")",
                "correct it, then `postern reload`")
        }
        return running.ready
            ? .ok("gateway", name)
            : .failed("gateway", "\(name), but is not ready", "it starts or stops; look at its log")
    }

    /// What the running gateway could not keep or take in since its start.
    package static func losses(_ running: StatusReport) -> [Finding] {
        let logs = [("access", running.log), ("system", running.systemLog)].compactMap { name, log -> Finding? in
            guard let log, log.droppedRecords > 0 else { return nil }
            return .warning(
                "logs",
                "the \(name) log has lost \(ReportText.count(log.droppedRecords, "record"))"
                    + (log.lastError.map { ", last error: \($0)" } ?? ""),
                "make room or write to a faster place; the count begins anew with the process")
        }
        let exhaustions = running.acceptErrors.filter { $0.reason != "aborted" }
        guard !exhaustions.isEmpty else { return logs }
        let counts = exhaustions.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
        return logs + [
            .warning(
                "descriptors", "connections could not be taken in: \(counts)",
                "raise `LimitNOFILE=` of the unit, or lower `limits.connections`")
        ]
    }
}
