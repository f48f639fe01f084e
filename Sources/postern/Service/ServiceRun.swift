import ArgumentParser
import Logging
import PosternHost
import Synchronization

/// The service from its start to its end, and the signals that order something of it.
struct ServiceRun: Sendable {
    let signals: ProcessSignals
    let logger: Logger

    /// Runs until the service has stopped, which ends the process.
    ///
    /// - Parameter start: returns once the service serves; cancelled by an order to stop.
    func run(_ start: @escaping @Sendable () async throws -> Service) async throws {
        let starting = Task(operation: start)
        let extending = ExtendedTimeout.during("starting", logger)
        let ending = Ending(starting, logger)
        Task {
            var orders = 0
            for await _ in signals.stops {
                orders += 1
                if orders == 1 { ending.begin() } else { ending.cut() }
            }
        }
        let service: Service
        do {
            service = try await starting.value
            extending.cancel()
        } catch is CancellationError {
            logger.notice("stopped before it served")
            return
        }
        let watching = try await watch(service)
        Task { for await _ in signals.reloads { _ = await service.reload() } }
        Task { for await _ in signals.reopenings { await service.reopenLog() } }
        Task { for await _ in signals.upgrades { _ = await service.upgrade() } }
        for await _ in service.replacements {
            watching?.cancel()
            ending.begin()
        }
    }

    private func watch(_ service: Service) async throws -> Task<Void, Never>? {
        guard let interval = WatchdogInterval.ofProcess() else { return nil }
        let watchdog = try await Watchdog(interval: interval, service: service, logger: logger)
        return Task { await watchdog.run() }
    }

    /// Stops the service once, however many order it.
    private final class Ending: Sendable {
        private let starting: Task<Service, any Error>
        private let logger: Logger
        private let stopping: Mutex<Task<Void, Never>?> = Mutex(nil)

        init(_ starting: Task<Service, any Error>, _ logger: Logger) {
            self.starting = starting
            self.logger = logger
        }

        /// Ends the start, or lets what is under way end.
        func begin() {
            stopping.withLock { stopping in
                guard stopping == nil else { return }
                logger.notice("stopping")
                starting.cancel()
                stopping = Task { await self.stop() }
            }
        }

        /// Waits no longer.
        func cut() {
            stopping.withLock { stopping in
                guard let stopping else { return }
                logger.notice("stopping at once")
                stopping.cancel()
            }
        }

        private func stop() async {
            // Where the start was ended, whoever started tells of it.
            guard let service = try? await starting.value else { return }
            do {
                let cut = try await service.drain()
                if cut > 0 {
                    let why = Task.isCancelled ? "at the second order" : "at the deadline"
                    logger.warning("connections cut \(why)", metadata: ["count": "\(cut)"])
                }
                logger.notice("stopped", metadata: ["cut": "\(cut)"])
                Postern.exit()
            } catch {
                logger.error("not stopped in order: \(error)")
                Postern.exit(withError: ExitCode.failure)
            }
        }
    }
}

/// Asks the service manager for patience while something takes long (`EXTEND_TIMEOUT_USEC`, sd_notify(3)).
enum ExtendedTimeout {
    private static let step = Duration.seconds(5)
    /// Something that takes longer is taken for stuck.
    private static let steps = 120

    /// Until cancelled, or for ten minutes.
    static func during(_ what: String, _ logger: Logger) -> Task<Void, Never> {
        Task {
            for count in 1...steps {
                try? await Task.sleep(for: step)
                if Task.isCancelled { return }
                notifyServiceManager("EXTEND_TIMEOUT_USEC=15000000")
                if count == 2 { logger.notice("still \(what)") }
            }
        }
    }
}
