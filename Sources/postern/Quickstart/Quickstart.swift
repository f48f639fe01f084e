import ArgumentParser
import Logging
import NIOPosix
import PosternControl
import PosternHTTP
import PosternPolicy
import PosternTelemetry

struct Quickstart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a gateway with two demo services on loopback, and print what to try.",
        discussion: """
            Everything is real and temporary: two small services, a configuration in a directory of its own, one API, and a \
            policy that allows some callers and refuses others. Without --mtls callers are told apart by the listener they \
            come by; with it, by certificates of an authority that is made at the start and can revoke them. Ctrl-C ends it \
            and removes the directory.
            """)

    @Flag(help: "Let callers in by their certificates only, over TLS.") var mtls = false
    @Option(
        help: """
            The first listener's port: 8080, or 8443 with --mtls. Without --mtls a second listener takes the next one. \
            0 takes free ones.
            """)
    var port: Int?

    func validate() throws {
        guard (0...65_534).contains(firstPort) else { throw ValidationError("--port takes 0 to 65534") }
    }

    private var firstPort: Int { port ?? (mtls ? 8443 : 8080) }

    func run() async throws {
        let signals = ProcessSignals()
        defer { withExtendedLifetime(signals) {} }
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "postern")
        logger.logLevel = .warning
        DescriptorLimit.raise()
        let files = try QuickstartFiles()
        defer { files.remove() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let orders = try await DemoService.start(named: "orders", on: group.next())
            let carts = try await DemoService.start(named: "carts", on: group.next())
            if mtls {
                try files.writeSecured(port: firstPort, orders: orders, carts: carts)
            } else {
                try files.write(port: firstPort, orders: orders, carts: carts)
            }
            let loaded = try ConfigurationLoader.load(path: files.directory)
            let service = try await Service(loaded, path: files.directory, logger: logger)
            try await service.start()
            await QuickstartLesson(service, files).print(isSecured: mtls)
            Task { for await _ in signals.reloads { _ = await service.reload() } }
            for await _ in signals.stops { break }
            _ = try await service.drain()
        } catch let error as ListenerError {
            printError("postern: \(error)\n         another port: postern quickstart --port 9080, or --port 0")
            throw ExitCode.failure
        }
        print("\nstopped; \(files.directory) is removed")
    }
}
