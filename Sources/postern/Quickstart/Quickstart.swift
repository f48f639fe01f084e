import ArgumentParser
import Glibc
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
            Everything is real and temporary: two small services, a configuration in a directory of its own, one API with \
            the stages dev and prod, and a policy that allows one source endpoint and denies another. Ctrl-C ends it and \
            removes the directory.
            """)

    @Option(help: "The first listener's port; the second takes the next one. 0 takes free ones.") var port = 8080

    func validate() throws {
        guard (0...65_534).contains(port) else { throw ValidationError("--port takes 0 to 65534") }
    }

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
            try files.write(port: port, orders: orders, carts: carts)
            let loaded = try ConfigurationLoader.load(path: files.directory)
            let service = try await Service(loaded, path: files.directory, inherited: .none, logger: logger)
            try await service.start()
            await introduce(service, files)
            Task { for await _ in signals.reloads { _ = await service.reload() } }
            for await _ in signals.stops { break }
            _ = try await service.drain()
        } catch let error as ListenerError {
            printError("postern: \(error)\n         another port: postern quickstart --port 9080, or --port 0")
            throw ExitCode.failure
        }
        print("\nstopped; \(files.directory) is removed")
    }

    private func introduce(_ service: Service, _ files: QuickstartFiles) async {
        let office = await service.addresses(of: "vpce-office").first?.listenerText ?? ""
        let guest = await service.addresses(of: "vpce-guest").first?.listenerText ?? ""
        print(
            """
            Postern \(Version.text) serves the API `shop` (stages dev and prod) for two demo services.
              endpoint vpce-office   http://\(office)   the policy allows it
              endpoint vpce-guest    http://\(guest)   the policy denies it
              configuration          \(files.directory)

            Try, in another terminal:

              curl -i http://\(office)/dev/order/7
                  allowed: routed by stage and path to the service `orders`, which shows what reached it
              curl -i -X POST -d '{"sku":"a-1"}' http://\(office)/prod/cart/items/a-1
                  allowed: the other stage, a greedy path, another service
              curl -i http://\(guest)/dev/order/7
                  refused: the same request by the other endpoint meets an explicit deny
              curl -i http://\(office)/dev/invoices
                  refused: no such route; answered as AWS answers it
              curl -i --path-as-is http://\(office)/dev/order/%2e%2e/secret
                  refused: a path that two readers could take differently

            Then look at how each was decided:

              tail -n 5 \(files.directory)/access.log
              \(CommandLine.arguments[0]) status --admin \(files.adminSocket)

            Ctrl-C stops it.
            """)
        // Standard output may be a pipe or a file, which is written only when told.
        fflush(nil)
    }
}
