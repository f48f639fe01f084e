import Glibc
import Testing

@Suite("Listeners inherited from systemd")
struct InheritedListenerTests {
    private func configuration(_ place: SocketPlace, name: String = "mesh") throws -> Configuration {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        configuration.listeners = [Listener("vpce-sd", at: place, "inherit: \(name)", "defaultApi: shop")]
        return configuration
    }

    /// Starts the program as systemd does: descriptors from 3 on, and `LISTEN_PID` its own.
    private func start(_ configuration: Configuration, _ sockets: [Socket], names: String) throws -> Gateway {
        try Gateway(
            configuration, launcher: ["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh"],
            environment: ["LISTEN_FDS": "\(sockets.count)", "LISTEN_FDNAMES": names],
            inherited: sockets.map(\.descriptor))
    }

    @Test("A socket is taken by its name among several")
    func byName() throws {
        let sockets = try (0..<3).map { _ in try Socket.listening(at: .tcp("127.0.0.1", 0)) }
        let place = SocketPlace.tcp("127.0.0.1", sockets[1].localPort)
        let gateway = try start(configuration(place), sockets, names: "one:mesh:three")
        try gateway.waitUntilListening()
        let response = try gateway.get("/dev/x")
        #expect(response.text == "m")
        #expect(try gateway.record(of: response)["vpceId"] == "vpce-sd")
    }

    @Test("A Unix socket is inherited as well, and its file outlives us")
    func unix() throws {
        let directory = try TemporaryDirectory()
        let place = SocketPlace.unix(directory.file("sd.sock"))
        let socket = try Socket.listening(at: place)
        let gateway = try start(configuration(place), [socket], names: "mesh")
        try gateway.waitUntilListening()
        #expect(try gateway.get("/dev/x").text == "m")
        #expect(try gateway.stop() == 0)
        #expect(directory.exists("sd.sock"))
    }

    @Test("An inherited wildcard is refused with 78, whatever systemd was told", arguments: ["0.0.0.0", "::"])
    func wildcard(address: String) throws {
        guard address != "::" || Machine.hasIPv6 else { return }
        let socket = try Socket.listening(at: .tcp(address, 0))
        let gateway = try start(configuration(.tcp("127.0.0.1", socket.localPort)), [socket], names: "mesh")
        #expect(try gateway.child.exit() == 78)
        #expect(gateway.errors.contains("vpce-sd"))
        #expect(gateway.errors.contains(address))
    }

    @Test("A name that nobody passed is refused with 78, and the error lists those there are")
    func missing() throws {
        let socket = try Socket.listening(at: .tcp("127.0.0.1", 0))
        let gateway = try start(configuration(.tcp("127.0.0.1", 1), name: "mash"), [socket], names: "mesh")
        #expect(try gateway.child.exit() == 78)
        #expect(gateway.errors.contains("mash"))
        #expect(gateway.errors.contains("mesh"))
    }

    @Test("Sockets meant for another process are not ours")
    func otherProcess() throws {
        let socket = try Socket.listening(at: .tcp("127.0.0.1", 0))
        let gateway = try Gateway(
            configuration(.tcp("127.0.0.1", 1)), launcher: [],
            environment: ["LISTEN_FDS": "1", "LISTEN_FDNAMES": "mesh", "LISTEN_PID": "1"],
            inherited: [socket.descriptor])
        #expect(try gateway.child.exit() == 78)
    }

    @Test(
        "systemd's own activation starts us with the first connection",
        .enabled(if: Machine.has("systemd-socket-activate"), "no systemd-socket-activate"))
    func systemd() throws {
        let port = try FreePort.next()
        let configuration = try configuration(.tcp("127.0.0.1", port))
        let gateway = try Gateway(
            configuration,
            launcher: ["systemd-socket-activate", "-l", "127.0.0.1:\(port)", "--fdname=mesh"])
        try gateway.waitUntilListening()
        #expect(try gateway.get("/dev/x").text == "m")
    }
}
