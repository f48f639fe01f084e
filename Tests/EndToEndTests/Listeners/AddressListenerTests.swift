import Foundation
import Testing

@Suite("Listeners on addresses")
struct AddressListenerTests {
    private func refusal(_ binding: String, _ process: [String] = []) throws -> (status: Int32, errors: String) {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.process = process
        configuration.listeners = [Listener("vpce-a", at: .tcp("127.0.0.1", 1), binding)]
        let gateway = try Gateway(configuration, launcher: [])
        return (try gateway.child.exit(), gateway.errors)
    }

    @Test(
        "A wildcard or an address that is not internal is refused at start with 78 and a clear error",
        arguments: [
            "0.0.0.0", "\"::\"", "\"::ffff:0.0.0.0\"", "8.8.8.8", "192.0.2.1", "172.32.0.1", "\"2001:db8::1\"",
            "224.0.0.1",
        ])
    func refused(address: String) throws {
        let port = try FreePort.next()
        let (status, errors) = try refusal("address: \(address), port: \(port)")
        #expect(status == 78)
        #expect(errors.contains("postern.yaml:"))
        #expect(errors.contains(address.trimmingQuotes) || errors.contains("0.0.0.0"))
        #expect((try? Socket.connected(to: .tcp("127.0.0.1", port))) == nil)
    }

    @Test("A wildcard stays refused where the configuration calls everything internal")
    func wildcardAlways() throws {
        let (status, _) = try refusal("address: 0.0.0.0, port: 0", ["internalRanges: [0.0.0.0/0]"])
        #expect(status == 78)
    }

    @Test("Ranges of the configuration replace the standard ones")
    func internalRanges() throws {
        let (status, errors) = try refusal("address: 127.0.0.1, port: 0", ["internalRanges: [127.0.1.0/24]"])
        #expect(status == 78)
        #expect(errors.contains("127.0.0.1"))
        var configuration = try Configuration(["GET /x": "{type: MOCK}"], ["internalRanges: [127.0.1.0/24]"])
        configuration.listeners = [try Listener("vpce-a", host: "127.0.1.7", options: "defaultApi: shop")]
        #expect(try Gateway(configuration).get("/dev/x").status == 200)
    }

    @Test("An internal address that this machine does not have fails the start, naming it")
    func elsewhere() throws {
        let (status, errors) = try refusal("address: 10.255.254.253, port: 18080")
        #expect(status != 0)
        #expect(errors.contains("10.255.254.253"))
    }

    @Test("An address in use fails the start, naming listener and address, and leaves the other gateway alone")
    func inUse() throws {
        let first = try Gateway(["GET /x": "{type: MOCK}"])
        var configuration = first.configuration
        configuration.listeners = [
            try Listener("vpce-free"),
            Listener("vpce-a", at: first.place(), "address: 127.0.0.1, port: \(first.place().port)"),
        ]
        let second = try Gateway(configuration, launcher: [])
        #expect(try second.child.exit() == 1)
        #expect(second.errors.contains("127.0.0.1:\(first.place().port)"))
        #expect(second.errors.contains("vpce-a"))
        #expect((try? Socket.connected(to: configuration.listeners[0].place)) == nil)
        #expect(try first.get("/dev/x").status == 200)
    }

    @Test("IPv6 loopback works, caller's address and all", .enabled(if: Machine.hasIPv6, "no IPv6 loopback"))
    func version6() throws {
        let condition = #"{"IpAddress":{"aws:SourceIp":"::1/128"}}"#
        var configuration = try Configuration(
            ["GET /x": "{type: MOCK}"], policy: Policies.policy(Policies.statement("Allow", condition)))
        configuration.listeners = [try Listener("vpce-six", host: "::1", options: "defaultApi: shop")]
        let gateway = try Gateway(configuration)
        let response = try gateway.get("/dev/x", ["Host: [::1]:8080"])
        #expect(response.status == 200)
        #expect(try gateway.record(of: response)["sourceIp"] == "::1")
    }

    @Test("Each event loop has its own listening socket")
    func perLoop() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.loops = 3
        let gateway = try Gateway(configuration)
        let table = try String(contentsOfFile: "/proc/\(gateway.pid)/net/tcp", encoding: .utf8)
        let port = String(gateway.place().port, radix: 16, uppercase: true)
        let sockets = table.split(separator: "\n").filter { $0.contains(":\(port) 00000000:0000 0A") }
        #expect(sockets.count == 3)
    }

    @Test("Port 0 is a free port, the same for every loop, and the status tells which")
    func anyPort() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        configuration.loops = 2
        configuration.listeners = [
            Listener("vpce-any", at: .tcp("127.0.0.1", 0), "address: 127.0.0.1, port: 0", "defaultApi: shop")
        ]
        let gateway = try Gateway(configuration, launcher: [])
        try eventually("it is ready") { (try? gateway.admin("/ready").status) == 200 }
        let listeners = try #require(try gateway.admin("/status").json()["listeners"] as? [[String: Any]])
        let addresses = try #require(listeners.first?["addresses"] as? [String])
        #expect(addresses.count == 1)
        let port = try #require(Int(addresses[0].split(separator: ":").last ?? ""))
        for _ in 0..<20 {
            #expect(try Wire(to: .tcp("127.0.0.1", port)).exchange("GET", "/dev/x").text == "m")
        }
    }

    @Test("An interface lends its addresses, all of a family or one", .enabled(if: Machine.has("ip"), "no `ip`"))
    func loopbackInterface() throws {
        let port = try FreePort.next()
        for binding in ["family: ipv4", "family: ipv4, address: 127.0.0.1"] {
            var configuration = try Configuration(["GET /x": "{type: MOCK}"])
            let text = "interface: lo, \(binding), port: \(port)"
            configuration.listeners = [Listener("vpce-lo", at: .tcp("127.0.0.1", port), text, "defaultApi: shop")]
            let gateway = try Gateway(configuration)
            #expect(try gateway.get("/dev/x").status == 200)
            #expect(try gateway.stop() == 0)
        }
        let (status, errors) = try refusal("interface: no-such-if0, port: \(port)")
        #expect(status != 0)
        #expect(errors.contains("no-such-if0"))
    }
}

extension String {
    fileprivate var trimmingQuotes: String { replacing("\"", with: "") }
}
