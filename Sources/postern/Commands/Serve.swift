import ArgumentParser
import Logging
import PosternControl
import PosternHTTP
import PosternHost
import PosternPolicy
import PosternTelemetry

struct Serve: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        abstract: "Serve the configuration until told to stop.",
        discussion: """
            Signals: HUP reloads the configuration (an invalid one changes nothing), USR1 reopens the access log, TERM and \
            INT stop accepting, let requests end and exit; a second one exits at once.

            Started as root it becomes the configuration's `user`, and keeps only the capabilities that the configuration \
            needs; without a `user` it ends with 77.

            The access log goes where the configuration says (standard output by default); what the operator should \
            know goes to standard error.
            """)

    @OptionGroup var config: ConfigurationOption
    @Flag(help: "Serve as root where the configuration names no `user`, with only the capabilities that it needs.")
    var allowRoot = false

    func run() throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "postern")
        logger.logLevel = .notice
        DescriptorLimit.raise()
        let prepared = try prepare(logger)
        runAsynchronously { [logger] in try await serve(prepared, logger) }
    }

    /// What is made on the main thread before there is another one.
    private struct Prepared: Sendable {
        var configuration: LoadedConfiguration
        var inherited: InheritedSockets
    }

    private func prepare(_ logger: Logger) throws -> Prepared {
        var loaded: LoadedConfiguration?
        do {
            let inherited = try InheritedSockets.takeFromProcess()
            let configuration = try ConfigurationLoader.load(path: config.path)
            loaded = configuration
            for note in try Confinement(configuration: configuration, allowsRoot: allowRoot).apply() {
                logger.warning("\(note)")
            }
            return Prepared(configuration: configuration, inherited: inherited)
        } catch {
            throw exitCode(of: error, loaded)
        }
    }

    private func serve(_ prepared: Prepared, _ logger: Logger) async throws {
        let signals = ProcessSignals()
        defer { withExtendedLifetime(signals) {} }
        let service = try await start(prepared, logger)
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
            Postern.exit()
        } catch {
            logger.error("not stopped in order: \(error)")
            Postern.exit(withError: ExitCode.failure)
        }
    }

    private func start(_ prepared: Prepared, _ logger: Logger) async throws -> Service {
        do {
            let service = try await Service(
                prepared.configuration, path: config.path, inherited: prepared.inherited, logger: logger)
            try await service.start()
            return service
        } catch {
            throw exitCode(of: error, prepared.configuration)
        }
    }

    /// Tells what hinders the start.
    private func exitCode(of error: any Error, _ loaded: LoadedConfiguration?) -> any Error {
        switch error {
        case let problems as Diagnostics:
            for problem in problems.all { printError("\(problem)") }
            return ExitCode.configuration
        case let error as ListenerError:
            printError(loaded?.text(of: error) ?? "postern: \(error)")
            return error.isConfiguration ? ExitCode.configuration : ExitCode.failure
        case let error as LogTargetError:
            printError("postern: \(error)")
            return ExitCode.failure
        case let refusal as Refusal:
            refusal.lines.forEach(printError)
            return ExitCode.refused
        default:
            return error
        }
    }
}
