import Testing

@Suite("Policies see the interface that a listener's address belongs to")
struct LocalInterfaceTests {
    private static func allow(_ interface: String) -> String {
        Policies.policy(
            Policies.statement("Allow", #"{"StringEquals":{"postern:LocalInterface":"\#(interface)"}}"#))
    }

    @Test("Loopback's interface is `lo`, for all of its network", arguments: ["127.0.0.1", "127.0.0.77"])
    func loopback(address: String) throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"], policy: Self.allow("lo"))
        configuration.listeners = [try Listener("vpce-mesh", host: address, options: "defaultApi: shop")]
        #expect(try Gateway(configuration).get("/dev/x").status == 200)
    }

    @Test("A listener on an interface knows its name")
    func byName() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"], policy: Self.allow("lo"))
        let port = try FreePort.next()
        configuration.listeners = [
            Listener(
                "vpce-mesh", at: .tcp("127.0.0.1", port), "interface: lo, family: ipv4, port: \(port)",
                "defaultApi: shop")
        ]
        #expect(try Gateway(configuration).get("/dev/x").status == 200)
    }

    @Test("Another interface is refused, and the log names the value that was seen")
    func another() throws {
        let gateway = try Gateway(Configuration(["GET /x": "{type: MOCK}"], policy: Self.allow("eth9")))
        let response = try gateway.get("/dev/x")
        #expect(response.status == 403)
        let record = try gateway.record(of: response)
        #expect(record["policyCondition"] == "StringEquals postern:LocalInterface")
        #expect(record["policyValue"] == "lo")
    }

    @Test("An inherited socket has the interface of its address")
    func inherited() throws {
        let socket = try Socket.listening(at: .tcp("127.0.0.1", 0))
        var configuration = try Configuration(["GET /x": "{type: MOCK}"], policy: Self.allow("lo"))
        configuration.listeners = [
            Listener("vpce-sd", at: .tcp("127.0.0.1", socket.localPort), "inherit: mesh", "defaultApi: shop")
        ]
        let gateway = try Gateway(
            configuration, launcher: ["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh"],
            environment: ["LISTEN_FDS": "1", "LISTEN_FDNAMES": "mesh"], inherited: [socket.descriptor])
        try gateway.waitUntilListening()
        #expect(try gateway.get("/dev/x").status == 200)
    }

    @Test("A Unix socket has none")
    func unix() throws {
        let path = "@postern-e2e-\(UInt64.random(in: 0 ... .max))"
        var configuration = try Configuration(["GET /x": "{type: MOCK}"], policy: Self.allow("lo"))
        configuration.listeners = [Listener("vpce-local", at: .unix(path), "unix: \"\(path)\"", "defaultApi: shop")]
        let gateway = try Gateway(configuration)
        let response = try gateway.get("/dev/x")
        #expect(response.status == 403)
        #expect(try gateway.record(of: response)["policyValue"] == nil)
    }
}
