import Glibc
import Logging
import PosternControl
import PosternGateway
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
        } catch  where error.code == EPIPE || error.code == ECONNRESET {
            // It has gone, or is about to: how is told below.
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
        let next: UpgradeReport.Program
        do throws(UpgradeFailure) {
            guard case .ready(let processID, let version) = try await answer(of: successor, within: limit) else {
                successor.kill()
                throw UpgradeFailure(["the successor says what is not understood"])
            }
            next = .init(version: version, processID: Int(processID))
        } catch {
            return UpgradeReport(failed: error.problems)
        }
        do {
            try await replace(by: successor, next.processID)
        } catch {
            await acceptAgain()
            return UpgradeReport(failed: (error as? UpgradeFailure)?.problems ?? ["\(error)"])
        }
        return UpgradeReport(from: .init(version: Version.text, processID: Int(processID)), to: next)
    }

    /// Long enough to begin accepting on many sockets of a busy machine; clients wait meanwhile.
    private static let servingLimit = Duration.seconds(5)

    /// From one process's accepting to the other's.
    private func replace(by successor: Successor, _ next: Int) async throws {
        do {
            try await gateway.pause()
            try await admin?.pause()
            try successor.letAccept()
        } catch {
            successor.kill()
            throw error
        }
        guard case .serving = try await answer(of: successor, within: Self.servingLimit) else {
            successor.kill()
            throw UpgradeFailure(["the successor says what is not understood"])
        }
        // The service manager must know its main process before that process says that it is ready. It looks once whether the
        // process is its child.
        successor.release()
        notifyServiceManager("MAINPID=\(next)")
        do {
            try successor.letReplace()
        } catch {
            // It has ended, or hears nothing.
            notifyServiceManager("MAINPID=\(processID)")
            kill(pid_t(next), SIGKILL)
            throw error
        }
    }

    private func acceptAgain() async {
        do {
            try await listeners.resume()
            try await listenForAdmin { try $0.moreDescriptors(1) }
        } catch {
            logger.critical("cannot accept again after a failed upgrade; restart the gateway: \(error)")
        }
    }

    /// What the successor says next. One that fails, ends or says nothing is gone when this throws.
    private func answer(
        of successor: Successor, within limit: Duration
    ) async throws(UpgradeFailure) -> Successor.Answer {
        let end = ContinuousClock.now + limit
        while isServing {
            // Asked first: what it said before it ended is still to be heard.
            let ending = successor.ending()
            let answer = successor.answer()
            if case .failed(let problems) = answer {
                if ending == nil { successor.kill() }
                throw UpgradeFailure(problems)
            }
            if let ending {
                throw UpgradeFailure(["the successor \(ending) before it served; the log has what it said"])
            }
            switch answer {
            case .ready, .serving: return answer
            case .failed, .nothing, .gone: break
            }
            guard ContinuousClock.now < end else {
                successor.kill()
                throw UpgradeFailure(["the successor did not serve within \(limit) (`timeouts.upgrade`)"])
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        successor.kill()
        throw UpgradeFailure(["the gateway was told to stop"])
    }

    private struct UpgradeFailure: Error {
        let problems: [String]

        init(_ problems: [String]) { self.problems = problems }
    }

    // MARK: The one that comes

    /// Tells the predecessor that everything is ready, and waits until it has stopped accepting.
    func awaitTurn(after predecessor: Predecessor) async throws {
        predecessor.reportReady(version: Version.text)
        while case .nothing = predecessor.answer() {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Tells it that everything is served, and waits until it has made way. One that dies over it has made way as well.
    func takePlace(of predecessor: Predecessor) async {
        predecessor.reportServing()
        var answer = Predecessor.Answer.nothing
        while case .nothing = answer {
            // Also where an order to stop has come meanwhile: until the answer it is not known whose the files are.
            await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
            answer = predecessor.answer()
        }
        if case .replaced = answer {
            logger.notice("took the running gateway's place")
        } else {
            logger.warning("the gateway whose place was to be taken ended before it said so")
        }
        // Their files were the predecessor's to remove until now.
        for socket in listeners.sockets + adminSockets { socket.claimFile() }
    }
}
