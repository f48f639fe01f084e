import Foundation
import Testing

@Suite(
    "Listeners on named interfaces of a network of their own",
    .enabled(if: Machine.canMakeNamespaces, "needs root, `ip` and the right to make network namespaces"))
struct NamespaceListenerTests {
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
