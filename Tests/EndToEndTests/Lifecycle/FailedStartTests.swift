import Testing

@Suite("A start that fails")
struct FailedStartTests {
    @Test("A listener that cannot be opened ends the process and leaves no socket's file behind")
    func noFiles() throws {
        let taken = try Socket.listening(at: .tcp("127.0.0.1", 0))
        let directory = try TemporaryDirectory()
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        let path = directory.file("local.sock")
        configuration.listeners = [
            Listener("vpce-local", at: .unix(path), "unix: \(path)"),
            Listener(
                "vpce-taken", at: .tcp("127.0.0.1", taken.localPort), "address: 127.0.0.1, port: \(taken.localPort)"),
        ]
        let gateway = try Gateway(configuration, in: directory, launcher: [])
        #expect(try gateway.child.exit() == 1)
        #expect(gateway.errors.contains("vpce-taken"))
        #expect(directory.list("").filter { $0.hasSuffix(".sock") }.isEmpty)
    }

    @Test("An inherited socket that nobody passed is found out before the admin socket has a file")
    func noInheritedSocket() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.listeners = [Listener("vpce-sd", at: .tcp("127.0.0.1", 1), "inherit: mesh")]
        let gateway = try Gateway(configuration, launcher: [])
        #expect(try gateway.child.exit() == 78)
        #expect(!gateway.directory.exists("admin.sock"))
    }
}
