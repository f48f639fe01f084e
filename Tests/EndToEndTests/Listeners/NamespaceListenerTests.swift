import Foundation
import Testing

@Suite(
    "Listeners on named interfaces of a network of their own",
    .enabled(if: Machine.canMakeNamespaces, "needs root, `ip` and the right to make network namespaces"))
struct NamespaceListenerTests {
    /// A network namespace with loopback and one interface `eth-in`, gone with its owner.
    private final class Namespace {
        let name = "postern-e2e-\(UInt32.random(in: 0 ... .max))"

        init(addresses: [String]) throws {
            try ip("netns", "add", name)
            try ip("-n", name, "link", "set", "lo", "up")
            try ip("-n", name, "link", "add", "eth-in", "type", "veth", "peer", "name", "eth-out")
            for link in ["eth-in", "eth-out"] { try ip("-n", name, "link", "set", link, "up") }
            for address in addresses {
                let more = address.contains(":") ? ["nodad"] : []
                try ip(["-n", name, "address", "add", address, "dev", "eth-in"] + more)
            }
            // The kernel gives a link-local address and looks for a while whether a neighbour has it.
            try eventually("no address is tentative") {
                try Child.run(["ip", "-n", name, "-6", "address", "show", "dev", "eth-in", "tentative"]).output.isEmpty
            }
        }

        deinit { _ = try? Child.run(["ip", "netns", "del", name]) }

        func ip(_ arguments: String...) throws { try ip(arguments) }

        func ip(_ arguments: [String]) throws {
            let result = try Child.run(["ip"] + arguments)
            if result.status != 0 { throw SocketFailure("ip \(arguments): \(result)", 0) }
        }

        /// Calls from within: a socket stays in the network where it was made.
        func get(_ target: String, at place: SocketPlace) throws -> Message {
            let box = Box()
            let path = "/run/netns/\(name)"
            let thread = Thread {
                box.result = Result {
                    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                    defer { close(descriptor) }
                    try LinuxCalls.enterNetworkNamespace(descriptor)
                    return try Wire(to: place).exchange("GET", target)
                }
                box.done.signal()
            }
            thread.start()
            box.done.wait()
            return try box.result!.get()
        }

        private final class Box: @unchecked Sendable {
            var result: Result<Message, any Error>?
            let done = DispatchSemaphore(value: 0)
        }
    }

    private func gateway(_ binding: String, in namespace: Namespace, ready: SocketPlace) throws -> Gateway {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        configuration.listeners = [Listener("vpce-eth", at: ready, "interface: eth-in, \(binding)", "defaultApi: shop")]
        let gateway = try Gateway(configuration, launcher: ["ip", "netns", "exec", namespace.name])
        try eventually("the gateway is ready") {
            if let status = gateway.child.status { throw Gateway.Ended(status: status, errors: gateway.errors) }
            return (try? gateway.admin("/ready").status) == 200
        }
        return gateway
    }

    @Test("All addresses of the chosen family are bound, and nothing else")
    func families() throws {
        let namespace = try Namespace(addresses: ["10.77.0.1/24", "10.77.1.1/24", "fd77::1/64"])
        let ready = SocketPlace.tcp("10.77.0.1", 8080)
        for (family, expected) in [
            ("family: ipv4, ", ["10.77.0.1", "10.77.1.1"]), ("family: ipv6, ", ["fd77::1"]),
            ("", ["10.77.0.1", "10.77.1.1", "fd77::1"]),
        ] {
            let gateway = try gateway("\(family)port: 8080", in: namespace, ready: ready)
            for address in expected {
                #expect(try namespace.get("/dev/x", at: .tcp(address, 8080)).text == "m", "\(family) \(address)")
            }
            #expect((try? namespace.get("/dev/x", at: .tcp("127.0.0.1", 8080))) == nil)
            if expected.count == 1 { #expect((try? namespace.get("/dev/x", at: ready)) == nil) }
            #expect(try gateway.stop() == 0)
        }
    }

    @Test("One address of the interface, and only that one")
    func one() throws {
        let namespace = try Namespace(addresses: ["10.77.0.1/24", "10.77.1.1/24"])
        let place = SocketPlace.tcp("10.77.1.1", 8080)
        let gateway = try gateway("address: 10.77.1.1, port: 8080", in: namespace, ready: place)
        #expect(try namespace.get("/dev/x", at: place).text == "m")
        #expect((try? namespace.get("/dev/x", at: .tcp("10.77.0.1", 8080))) == nil)
        withExtendedLifetime(gateway) {}
    }

    @Test("A public address on the interface is refused with 78")
    func publicAddress() throws {
        let namespace = try Namespace(addresses: ["10.77.0.1/24", "203.0.113.5/24"])
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        configuration.listeners = [
            Listener("vpce-eth", at: .tcp("10.77.0.1", 8080), "interface: eth-in, family: ipv4, port: 8080")
        ]
        let gateway = try Gateway(configuration, launcher: ["ip", "netns", "exec", namespace.name])
        #expect(try gateway.child.exit() == 78)
        #expect(gateway.errors.contains("203.0.113.5"))
    }

    @Test("Another address than the interface's is refused, and the error lists those it has")
    func foreignAddress() throws {
        let namespace = try Namespace(addresses: ["10.77.0.1/24"])
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        configuration.listeners = [
            Listener("vpce-eth", at: .tcp("10.77.0.1", 8080), "interface: eth-in, address: 10.77.0.9, port: 8080")
        ]
        let gateway = try Gateway(configuration, launcher: ["ip", "netns", "exec", namespace.name])
        #expect(try gateway.child.exit() != 0)
        #expect(gateway.errors.contains("10.77.0.9"))
        #expect(gateway.errors.contains("10.77.0.1"))
    }
}
