import Logging
import PosternControl
import PosternHTTP
import PosternHost
import PosternTelemetry

/// A new process takes this one's place, with its sockets, while both serve.
extension Service {
    // MARK: The one that goes

    /// Starts the program again, hands it the listening sockets, and stops accepting once it serves. One that fails, or takes
    /// too long, is ended; nothing has changed then.
    ///
    /// - Returns: once the successor serves or is gone, not when this process has ended.
    func upgrade() async -> UpgradeReport {
        await beginChange()
        defer { endChange() }
        guard isServing else { return UpgradeReport(failed: ["the gateway is not serving, or is being replaced"]) }
        logger.notice("upgrade: starting the successor", metadata: ["program": "\(program?.path ?? "")"])
        let report = await attemptUpgrade()
        for message in report.messages {
            if report.succeeded { logger.notice("upgrade: \(message)") } else { logger.error("upgrade: \(message)") }
        }
        if report.succeeded { wasReplaced() }
        return report
    }

    private func attemptUpgrade() async -> UpgradeReport {
        guard let program else {
            return UpgradeReport(failed: ["the path of the running program is not known (is /proc mounted?)"])
        }
        let successor: Successor
        do {
            successor = try Successor.start(program.path, arguments: program.arguments)
        } catch {
            return UpgradeReport(failed: ["\(error)"])
        }
        do {
            try give(to: successor)
        } catch {
            successor.kill()
            return UpgradeReport(failed: ["the successor took no sockets: \(error)"])
        }
        return await outcome(of: successor)
    }

    private func give(to successor: Successor) throws(SystemCallFailure) {
        try successor.begin()
        for socket in listeners.inherited.sockets {
            try successor.give(socket.descriptor, named: socket.name, isInherited: true)
        }
        for socket in (listeners.sockets + adminSockets).flatMap(\.held) {
            try successor.give(socket.descriptor, named: socket.place.name, isInherited: false)
        }
        try successor.endGiving()
    }

    private func outcome(of successor: Successor) async -> UpgradeReport {
        let limit = Duration.milliseconds(configuration.process.timeouts.upgrade)
        let end = ContinuousClock.now + limit
        while isServing {
            // Asked first: what it said before it ended is still to be heard.
            let ending = successor.ending()
            switch successor.answer() {
            case .ready(let version) where ending == nil:
                return confirm(successor, version: version)
            case .failed(let problems):
                if ending == nil { successor.kill() }
                return UpgradeReport(failed: problems)
            case .ready, .nothing, .gone:
                if let ending {
                    return UpgradeReport(failed: [
                        "the successor \(ending) before it served; the log has what it said"
                    ])
                }
            }
            guard ContinuousClock.now < end else {
                successor.kill()
                return UpgradeReport(failed: ["the successor did not serve within \(limit) (`timeouts.upgrade`)"])
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
        successor.kill()
        return UpgradeReport(failed: ["the gateway was told to stop"])
    }

    private func confirm(_ successor: Successor, version: String) -> UpgradeReport {
        // The service manager must know its main process before that process says that it is ready.
        notifyServiceManager("MAINPID=\(successor.processID)")
        do {
            try successor.confirm()
        } catch {
            notifyServiceManager("MAINPID=\(processID)")
            successor.kill()
            return UpgradeReport(failed: ["the successor served and was gone: \(error)"])
        }
        return UpgradeReport(
            from: .init(version: Version.text, processID: Int(processID)),
            to: .init(version: version, processID: Int(successor.processID)))
    }

    // MARK: The one that comes

    /// Tells the predecessor that everything is served, and waits until it has made way. One that dies over it has made way
    /// as well.
    func takePlace(of predecessor: Predecessor) async {
        predecessor.reportReady(version: Version.text)
        waiting: while true {
            switch predecessor.answer() {
            case .confirmed:
                logger.notice("took the running gateway's place")
                break waiting
            case .gone:
                logger.warning("the gateway whose place was to be taken ended before it said so")
                break waiting
            case .nothing: try? await Task.sleep(for: .milliseconds(10))
            }
        }
        // Their files were the predecessor's to remove until now.
        for socket in listeners.sockets + adminSockets { socket.claimFile() }
    }
}
