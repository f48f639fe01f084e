import Foundation
import Testing

@Suite("Upgrading while clients call")
struct UpgradeTests {
    private func gateway(_ listeners: [Listener], loops: Int = 1, _ process: [String] = []) throws -> Upgrades {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"], process)
        configuration.listeners = listeners
        configuration.loops = loops
        configuration.accessLog = "off"
        return Upgrades(try Gateway(configuration))
    }

    private func listener(_ kind: String, _ directory: TemporaryDirectory) throws -> Listener {
        let port = try FreePort.next()
        switch kind {
        case "unix":
            let path = directory.file("mesh.sock")
            return Listener("vpce-a", at: .unix(path), "unix: \(path), mode: \"0600\"", "defaultApi: shop")
        case "abstract":
            let name = "@postern-\(getpid())-\(port)"
            return Listener("vpce-a", at: .unix(name), "unix: \"\(name)\"", "defaultApi: shop")
        case "interface":
            return Listener(
                "vpce-a", at: .tcp("127.0.0.1", port), "interface: lo, family: ipv4, port: \(port)",
                "defaultApi: shop")
        default: return try Listener("vpce-a", options: "defaultApi: shop")
        }
    }

    @Test(
        "Three upgrades in a row refuse, cut and fail not one call",
        arguments: [("address", 1), ("address", 2), ("unix", 1), ("abstract", 1), ("interface", 2)])
    func steady(kind: String, loops: Int) throws {
        let directory = try TemporaryDirectory()
        let listener = try listener(kind, directory)
        let upgrades = try gateway([listener], loops: loops)
        let callers = SteadyCallers(to: [listener.place])
        defer { callers.end() }
        try callers.waitForMore()
        for _ in 0..<3 {
            let outcome = try upgrades.order()
            #expect(outcome.status == 0, "\(outcome) \(upgrades.gateway.errors)")
            try callers.waitForMore()
        }
        #expect(Set(upgrades.processes).count == 4)
        try upgrades.waitUntilOnlyCurrentRuns()
        #expect(upgrades.gateway.child.status == 0)
        try callers.waitForMore()
        #expect(try callers.endAndWait() == [])
        #expect(Upgrades.runs(upgrades.current))
        try upgrades.stop()
        if kind == "unix" { #expect(!directory.exists("mesh.sock")) }
        #expect(!upgrades.gateway.directory.exists("admin.sock"))
    }

    @Test("A Unix socket stays the same file, and so does the admin socket")
    func files() throws {
        let directory = try TemporaryDirectory()
        let upgrades = try gateway([listener("unix", directory)])
        let files = [directory.file("mesh.sock"), upgrades.gateway.directory.file("admin.sock")]
        func identities() -> [UInt] {
            files.map { file in
                var status = stat()
                return lstat(file, &status) == 0 ? UInt(status.st_ino) : 0
            }
        }
        let before = identities()
        #expect(try upgrades.order().status == 0)
        try upgrades.waitUntilOnlyCurrentRuns()
        #expect(identities() == before)
        #expect(try upgrades.gateway.get("/dev/x").text == "m")
    }

    @Test("A request under way is answered by the process that took it, which then ends")
    func busy() throws {
        let mayAnswer = Flag()
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try mayAnswer.wait()
            try connection.send(reply("late"))
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /slow": "\(back.uri)/slow", "GET /x": "{type: MOCK}"])
        let upgrades = Upgrades(gateway)
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/slow")
        try eventually("the upstream has the request") { back.requests.count == 1 }
        #expect(try upgrades.order().status == 0)
        #expect(try gateway.get("/dev/x").status == 200)
        #expect(gateway.child.status == nil)
        // So that the service manager hears of its end although the predecessor is still there.
        #expect(try Upgrades.parent(of: upgrades.current) != gateway.pid)
        #expect(Upgrades.children(of: gateway.pid) == [])
        mayAnswer.raise()
        let response = try wire.readResponse()
        #expect(response.text == "late")
        #expect(response["Connection"] == "close")
        #expect(try gateway.child.exit() == 0)
        try upgrades.stop()
    }

    @Test("A socket of a systemd unit moves along by its name")
    func inherited() throws {
        let socket = try Socket.listening(at: .tcp("127.0.0.1", 0))
        let place = SocketPlace.tcp("127.0.0.1", socket.localPort)
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        configuration.listeners = [Listener("vpce-sd", at: place, "inherit: mesh", "defaultApi: shop")]
        let manager = try ServiceManager()
        let upgrades = Upgrades(try manager.start(configuration, units: [("mesh", socket)]))
        let callers = SteadyCallers(to: [place])
        defer { callers.end() }
        for _ in 0..<2 {
            #expect(try upgrades.order().status == 0, "\(upgrades.gateway.errors)")
            try callers.waitForMore()
        }
        try upgrades.waitUntilOnlyCurrentRuns()
        #expect(try callers.endAndWait() == [])
        // Those of units are not ours to keep.
        #expect(manager.store.isEmpty)
    }

    @Test("Handshakes succeed throughout, and a connection that was secured before gets its answer")
    func secured() throws {
        let estate = try Estate()
        let tls =
            "tls: {certificates: [{certificate: tls/mesh.pem, key: tls/mesh.key}], clientCertificate: {mode: off}}"
        let gateway = try estate.gateway(estate.configuration(tls))
        let upgrades = Upgrades(gateway.gateway)
        for _ in 0..<2 {
            let kept = try gateway.connect(TLSWish())
            #expect(try kept.exchange("GET", "/dev/x").status == 200)
            let outcome = try upgrades.order {
                let asked = try gateway.ask(TLSWish())
                #expect(asked.status == 200, "\(asked)")
            }
            #expect(outcome.status == 0)
            let last = try kept.exchange("GET", "/dev/x")
            #expect(last.status == 200)
            #expect(last["Connection"] == "close")
        }
        try upgrades.waitUntilOnlyCurrentRuns()
        #expect(try gateway.ask(TLSWish()).status == 200)
    }

    @Test("The service manager hears of its new main process before that process is ready")
    func mainProcess() throws {
        let manager = try ServiceManager()
        let upgrades = Upgrades(try manager.start(Configuration(["GET /x": "{type: MOCK}"])))
        #expect(try upgrades.order().status == 0)
        try eventually("the successor is ready") { manager.values("READY").count == 2 }
        let order = manager.messages.compactMap {
            $0["MAINPID"].map { "MAINPID=\($0)" } ?? $0["READY"].map { _ in "READY" }
        }
        #expect(order == ["READY", "MAINPID=\(upgrades.current)", "READY"])
        try upgrades.waitUntilOnlyCurrentRuns()
        #expect(manager.values("STOPPING").isEmpty)
        try upgrades.stop()
        #expect(manager.values("STOPPING") == ["1"])
    }

    @Test("Twenty upgrades leave no descriptor and no process behind")
    func leaks() throws {
        let directory = try TemporaryDirectory()
        let upgrades = try gateway([listener("unix", directory), Listener("vpce-b", options: "defaultApi: shop")])
        _ = try upgrades.gateway.call("GET", "/dev/x", by: "vpce-b")
        #expect(try upgrades.order().status == 0)
        try upgrades.waitUntilOnlyCurrentRuns()
        let first = Upgrades.descriptors(of: upgrades.current)
        for _ in 0..<20 { #expect(try upgrades.order().status == 0) }
        try upgrades.waitUntilOnlyCurrentRuns()
        try eventually("\(Upgrades.descriptors(of: upgrades.current)) descriptors are \(first)") {
            Upgrades.descriptors(of: upgrades.current) <= first
        }
        #expect(Upgrades.children(of: upgrades.current) == [])
    }

    @Test("SIGUSR2 upgrades as well")
    func signal() throws {
        let upgrades = try gateway([Listener("vpce-a", options: "defaultApi: shop")])
        upgrades.gateway.child.signal(SIGUSR2)
        #expect(try upgrades.gateway.child.exit() == 0)
        let status = try upgrades.gateway.admin("/status").text
        #expect(!status.contains("\"processID\" : \(upgrades.gateway.pid),"))
        #expect(try upgrades.gateway.get("/dev/x").text == "m")
        let line = try #require(status.split(separator: "\n").first { $0.contains("processID") })
        kill(try #require(pid_t(line.filter(\.isNumber))), SIGTERM)
    }
}
