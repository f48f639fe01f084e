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
            Signals: HUP reloads the configuration (an invalid one changes nothing), USR1 reopens the logs' files, USR2 upgrades \
            as `postern upgrade` does, TERM and INT stop accepting, let requests end and exit; a second one cuts them.

            Started as root it becomes the configuration's `user`, and keeps only the capabilities that the configuration \
            needs; without a `user` it ends with 77.

            The logs go where the configuration says: by default the access log to standard output, what the operator \
            should know to standard error.
            """)

    @OptionGroup var config: ConfigurationOption
    @Flag(help: "Serve as root where the configuration names no `user`, with only the capabilities that it needs.")
    var allowRoot = false
    @Flag(
        help: """
            Have systemd keep the listening sockets while the service restarts (`FileDescriptorStoreMax=` in the unit), so \
            that clients wait instead of being refused.
            """)
    var holdSockets = false

    func run() throws {
        ProcessSignals.ignoreOrders()
        SystemLog.bootstrap()
        let logger = Logger(label: "postern")
        DescriptorLimit.raise()
        let prepared = try prepare(logger)
        runAsynchronously { [logger] in try await serve(prepared, logger) }
    }

    /// What is made on the main thread before there is another one.
    private struct Prepared: Sendable {
        var program: StartedProgram?
        var given: GivenSockets
        var configuration: LoadedConfiguration
    }

    private func prepare(_ logger: Logger) throws -> Prepared {
        var (given, loaded): (GivenSockets?, LoadedConfiguration?)
        do {
            let program = StartedProgram.ofProcess()
            let sockets = try GivenSockets.ofProcess()
            given = sockets
            let configuration = try ConfigurationLoader.load(path: config.path)
            loaded = configuration
            let confinement = Confinement(
                configuration: configuration, allowsRoot: allowRoot, inherited: sockets.predecessor?.confinement)
            for note in try confinement.apply() { logger.warning("\(note)") }
            return Prepared(program: program, given: sockets, configuration: configuration)
        } catch {
            throw ended(by: error, loaded, tells: given?.predecessor)
        }
    }

    private func serve(_ prepared: Prepared, _ logger: Logger) async throws {
        let signals = ProcessSignals()
        defer { withExtendedLifetime(signals) {} }
        try await ServiceRun(signals: signals, logger: logger).run { [logger] in
            try await start(prepared, logger)
        }
    }

    private func start(_ prepared: Prepared, _ logger: Logger) async throws -> Service {
        do {
            try SystemLog.process.open(prepared.configuration.process.systemLog)
            let service = try await Service(
                prepared.configuration, path: config.path, given: prepared.given, program: prepared.program,
                holdsSockets: holdSockets, logger: logger)
            try await service.start()
            return service
        } catch {
            throw ended(by: error, prepared.configuration, tells: prepared.given.predecessor)
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
            case let refusal as Refusal: (refusal.lines, ExitCode.refused)
            default: (["postern: \(error)"], ExitCode.failure)
            }
        if !(error is CancellationError) { problems.forEach(printError) }
        predecessor?.reportFailure(problems)
        return exit
    }
}
