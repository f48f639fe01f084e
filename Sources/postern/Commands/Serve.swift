import ArgumentParser
import Logging
import PosternControl
import PosternHTTP
import PosternPolicy
import PosternTelemetry

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the configuration until told to stop.",
        discussion: """
            Signals: HUP reloads the configuration (an invalid one changes nothing), USR1 reopens the access log, TERM and \
            INT stop accepting, let requests end and exit; a second one exits at once.

            The access log goes where the configuration says (standard output by default); what the operator should \
            know goes to standard error.
            """)

    @OptionGroup var config: ConfigurationOption

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "postern")
        logger.logLevel = .notice
        DescriptorLimit.raise()
        let signals = ProcessSignals()
        let service = try await start(logger)
        notifyServiceManager("READY=1\nSTATUS=Serving")
        var draining: Task<Int, any Error>?
        for await order in signals.orders {
            switch order {
            case .reload: _ = await service.reload()
            case .reopenLog: await service.reopenLog()
            case .stop:
                guard draining == nil else { throw ExitCode.failure }
                logger.notice("stopping")
                draining = Task {
                    let cut = try await service.drain()
                    if cut > 0 { logger.warning("connections cut at the deadline", metadata: ["count": "\(cut)"]) }
                    logger.notice("stopped")
                    Postern.exit()
                }
            }
        }
    }

    private func start(_ logger: Logger) async throws -> Service {
        do {
            let inherited = try InheritedSockets.takeFromProcess()
            let loaded = try ConfigurationLoader.load(path: config.path)
            let service = try await Service(loaded, path: config.path, inherited: inherited, logger: logger)
            try await service.start()
            return service
        } catch let problems as Diagnostics {
            for problem in problems.all { printError("\(problem)") }
            throw ExitCode.configuration
        } catch let error as ListenerError {
            printError("postern: \(error)")
            throw error.isConfiguration ? ExitCode.configuration : ExitCode.failure
        } catch let error as LogTargetError {
            printError("postern: \(error)")
            throw ExitCode.failure
        }
    }
}
