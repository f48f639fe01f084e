import ArgumentParser
import Logging
import PosternControl
import PosternHTTP
import PosternHost
import PosternPolicy
import PosternTelemetry

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the configuration until told to stop.",
        discussion: """
            Signals: HUP reloads the configuration (an invalid one changes nothing), USR1 reopens the logs' files, TERM and \
            INT stop accepting, let requests end and exit; a second one exits at once.

            The logs go where the configuration says: by default the access log to standard output, what the operator \
            should know to standard error.
            """)

    @OptionGroup var config: ConfigurationOption

    func run() async throws {
        SystemLog.bootstrap()
        defer { SystemLog.process.close() }
        let logger = Logger(label: "postern")
        DescriptorLimit.raise()
        let signals = ProcessSignals()
        defer { withExtendedLifetime(signals) {} }
        let service = try await start(logger)
        notifyServiceManager("READY=1\nSTATUS=Serving")
        Task { for await _ in signals.reloads { _ = await service.reload() } }
        Task { for await _ in signals.reopenings { await service.reopenLog() } }
        var isStopping = false
        for await _ in signals.stops {
            guard !isStopping else { throw ExitCode.failure }
            isStopping = true
            logger.notice("stopping")
            Task { await stop(service, logger) }
        }
    }

    private func stop(_ service: Service, _ logger: Logger) async {
        do {
            let cut = try await service.drain()
            if cut > 0 { logger.warning("connections cut at the deadline", metadata: ["count": "\(cut)"]) }
            logger.notice("stopped")
            SystemLog.process.close()
            Postern.exit()
        } catch {
            logger.error("not stopped in order: \(error)")
            SystemLog.process.close()
            Postern.exit(withError: ExitCode.failure)
        }
    }

    private func start(_ logger: Logger) async throws -> Service {
        var loaded: LoadedConfiguration?
        do {
            let inherited = try InheritedSockets.takeFromProcess()
            let configuration = try ConfigurationLoader.load(path: config.path)
            loaded = configuration
            try SystemLog.process.open(configuration.process.systemLog)
            let service = try await Service(configuration, path: config.path, inherited: inherited, logger: logger)
            try await service.start()
            return service
        } catch let problems as Diagnostics {
            for problem in problems.all { printError("\(problem)") }
            throw ExitCode.configuration
        } catch let error as ListenerError {
            printError(loaded?.text(of: error) ?? "postern: \(error)")
            throw error.isConfiguration ? ExitCode.configuration : ExitCode.failure
        } catch let error as LogTargetError {
            printError("postern: \(error)")
            throw ExitCode.failure
        }
    }
}
