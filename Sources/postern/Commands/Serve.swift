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
            Signals: HUP reloads the configuration (an invalid one changes nothing), USR1 reopens the access log, USR2 \
            upgrades as `postern upgrade` does, TERM and INT stop accepting, let requests end and exit; a second one cuts them.

            The access log goes where the configuration says (standard output by default); what the operator should \
            know goes to standard error.
            """)

    @OptionGroup var config: ConfigurationOption
    @Flag(
        help: """
            Have systemd keep the listening sockets while the service restarts (`FileDescriptorStoreMax=` in the unit), so \
            that clients wait instead of being refused.
            """)
    var holdSockets = false

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "postern")
        logger.logLevel = .notice
        DescriptorLimit.raise()
        let program = StartedProgram.ofProcess()
        let signals = ProcessSignals()
        defer { withExtendedLifetime(signals) {} }
        let given = try given()
        try await ServiceRun(signals: signals, logger: logger).run { [logger] in
            try await start(given, program, logger)
        }
    }

    private func given() throws -> GivenSockets {
        do { return try GivenSockets.ofProcess() } catch { throw ended(by: error) }
    }

    private func start(_ given: GivenSockets, _ program: StartedProgram?, _ logger: Logger) async throws -> Service {
        var loaded: LoadedConfiguration?
        do {
            let configuration = try ConfigurationLoader.load(path: config.path)
            loaded = configuration
            let service = try await Service(
                configuration, path: config.path, given: given, program: program, holdsSockets: holdSockets,
                logger: logger)
            try await service.start()
            return service
        } catch {
            throw ended(by: error, loaded, tells: given.predecessor)
        }
    }

    /// Tells what hinders the start, and whoever ordered it.
    /// - Returns: what the program ends with.
    private func ended(
        by error: any Error, _ loaded: LoadedConfiguration? = nil, tells predecessor: Predecessor? = nil
    ) -> any Error {
        let (problems, exit): ([String], any Error) =
            switch error {
            case is CancellationError: (["told to stop"], error)
            case let problems as Diagnostics: (problems.all.map(\.description), ExitCode.configuration)
            case let error as ListenerError:
                (
                    [loaded?.text(of: error) ?? "postern: \(error)"],
                    error.isConfiguration ? ExitCode.configuration : ExitCode.failure
                )
            default: (["postern: \(error)"], ExitCode.failure)
            }
        if !(error is CancellationError) { problems.forEach(printError) }
        predecessor?.reportFailure(problems)
        return exit
    }
}
