import Foundation
import Testing

@Suite(
    "A gateway that is not root on interfaces of a network of its own",
    .enabled(
        if: Machine.canMakeNamespaces && Machine.nobody != nil && Machine.has("ss"),
        "needs root, a user `nobody`, `ip`, `ss` and the right to make network namespaces"))
struct NamespacePrivilegeTests {
    private let namespace: Namespace
    private let directory: TemporaryDirectory

    init() throws {
        namespace = try Namespace(addresses: ["10.78.0.1/24"])
        directory = try TemporaryDirectory()
    }

    private func listener(_ id: String, _ binding: String, at address: String, port: Int) -> Listener {
        Listener(id, at: .tcp(address, port), "interface: \(binding), port: \(port)", "defaultApi: shop")
    }

    private func configuration(_ listeners: Listener...) throws -> Configuration {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"], ["user: nobody"])
        configuration.listeners = listeners
        return configuration
    }

    private func start(_ configuration: Configuration) throws -> Gateway {
        try configuration.write(to: directory)
        try directory.giveToNobody()
        return try Gateway(configuration, in: directory, launcher: ["ip", "netns", "exec", namespace.name])
    }

    private func waitUntilReady(_ gateway: Gateway) throws {
        try eventually("the gateway is ready") {
            if let status = gateway.child.status { throw Gateway.Ended(status: status, errors: gateway.errors) }
            return (try? gateway.admin("/ready").status) == 200
        }
    }

    private var sockets: String {
        get throws { try Child.run(["ip", "netns", "exec", namespace.name, "ss", "-ltnH"]).output }
    }

    /// Linux 5.7 lets everyone confine a socket to an interface.
    private static let mayConfine: Bool = {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
        return (numbers.first ?? 0, numbers.last ?? 0) >= (5, 7)
    }()

    @Test("The sockets are confined to the interface, and no capability is held for it", .enabled(if: mayConfine))
    func confined() throws {
        let gateway = try start(
            configuration(listener("vpce-eth", "eth-in, family: ipv4", at: "10.78.0.1", port: 8080)))
        try waitUntilReady(gateway)
        #expect(try namespace.get("/dev/x", at: .tcp("10.78.0.1", 8080)).text == "m")
        #expect(try sockets.contains("10.78.0.1%eth-in:8080"))
        #expect(try ProcessRights.ofThreads(gateway.pid).map(\.sets) == [ProcessRights.all(0)])
    }

    @Test("A low port there takes CAP_NET_BIND_SERVICE and nothing else", .enabled(if: mayConfine))
    func low() throws {
        let gateway = try start(configuration(listener("vpce-eth", "eth-in, family: ipv4", at: "10.78.0.1", port: 80)))
        try waitUntilReady(gateway)
        #expect(try namespace.get("/dev/x", at: .tcp("10.78.0.1", 80)).text == "m")
        let rights = try ProcessRights.ofThreads(gateway.pid)
        #expect(rights.map(\.sets) == [ProcessRights.all(ProcessRights.netBindService)])
    }

    @Test("An address that goes and comes back is served again without being told")
    func comesBack() throws {
        let gateway = try start(
            configuration(listener("vpce-eth", "eth-in, family: ipv4", at: "10.78.0.1", port: 8080)))
        try waitUntilReady(gateway)
        let place = SocketPlace.tcp("10.78.0.1", 8080)
        #expect(try namespace.get("/dev/x", at: place).text == "m")
        try namespace.ip("-n", namespace.name, "address", "del", "10.78.0.1/24", "dev", "eth-in")
        #expect((try? namespace.get("/dev/x", at: place)) == nil)
        #expect(try gateway.admin("/ready").status == 200)
        try namespace.ip("-n", namespace.name, "address", "add", "10.78.0.1/24", "dev", "eth-in")
        #expect(try namespace.get("/dev/x", at: place).text == "m")
    }

    @Test("An address that comes later is served after a reload that names it, confined as the first is")
    func comesLater() throws {
        let first = listener("vpce-eth", "eth-in, address: 10.78.0.1", at: "10.78.0.1", port: 8080)
        let later = listener("vpce-later", "eth-in, address: 10.78.9.1", at: "10.78.9.1", port: 8080)
        let gateway = try start(configuration(first))
        try waitUntilReady(gateway)
        let early = try gateway.reloadAndWait(configuration(first, later))
        #expect(early.status == 1)
        #expect(early.all.contains("`10.78.9.1` is not an address of `eth-in`; it has `10.78.0.1`"), "\(early)")
        try namespace.ip("-n", namespace.name, "address", "add", "10.78.9.1/24", "dev", "eth-in")
        #expect(try gateway.reloadAndWait(configuration(first, later)).status == 0)
        for address in ["10.78.0.1", "10.78.9.1"] {
            #expect(try namespace.get("/dev/x", at: .tcp(address, 8080)).text == "m")
            if Self.mayConfine { #expect(try sockets.contains("\(address)%eth-in:8080")) }
        }
    }

    @Test("An interface that is not there at the start is told with its listener's place and those there are")
    func missing() throws {
        let gateway = try start(configuration(listener("vpce-eth", "eth-none", at: "10.78.0.1", port: 8080)))
        #expect(try gateway.child.exit() == 1)
        #expect(
            gateway.errors.contains("postern.yaml:8:5: error: listener `vpce-eth`: no interface `eth-none`"),
            "\(gateway.errors)")
        #expect(gateway.errors.contains("`eth-in`"))
        #expect(!directory.exists("admin.sock"))
    }
}
