import Foundation
import Testing

@Suite("Sockets held over a restart")
struct HeldSocketTests {
    private func configuration(_ directory: TemporaryDirectory, loops: Int = 1) throws -> Configuration {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        let path = directory.file("mesh.sock")
        configuration.listeners = [
            try Listener("vpce-a", options: "defaultApi: shop"),
            Listener("vpce-u", at: .unix(path), "unix: \(path)", "defaultApi: shop"),
        ]
        configuration.loops = loops
        configuration.accessLog = "off"
        return configuration
    }

    @Test("Three restarts in a row refuse, cut and fail not one call")
    func restart() throws {
        let directory = try TemporaryDirectory()
        let configuration = try configuration(directory)
        let manager = try ServiceManager()
        var gateway = try manager.start(configuration, in: directory)
        try eventually("both sockets are held") { manager.store.count == 2 }
        let callers = SteadyCallers(to: configuration.listeners.map(\.place))
        defer { callers.end() }
        for _ in 0..<3 {
            try callers.waitForMore()
            #expect(try gateway.stop() == 0)
            #expect(directory.exists("mesh.sock"))
            gateway = try manager.start(configuration, in: directory)
            #expect(manager.store.count == 2)
        }
        try callers.waitForMore()
        #expect(try callers.endAndWait() == [])
    }

    @Test("Whoever connects while nobody serves is answered by the next process")
    func between() throws {
        let directory = try TemporaryDirectory()
        let configuration = try configuration(directory)
        let manager = try ServiceManager()
        let first = try manager.start(configuration, in: directory)
        try eventually("both sockets are held") { manager.store.count == 2 }
        #expect(try first.stop() == 0)
        let wires = try configuration.listeners.map { try Wire(to: $0.place) }
        for wire in wires { try wire.request("GET", "/dev/x") }
        let second = try manager.start(configuration, in: directory)
        for wire in wires { #expect(try wire.readResponse().text == "m") }
        withExtendedLifetime(second) {}
    }

    @Test("More sockets than event loops are all served, and so are fewer")
    func loops() throws {
        let directory = try TemporaryDirectory()
        var configuration = try configuration(directory, loops: 3)
        configuration.listeners.removeLast()
        let manager = try ServiceManager()
        for loops in [3, 1, 2] {
            configuration.loops = loops
            let gateway = try manager.start(configuration, in: directory)
            try eventually("three sockets are held") { manager.store.count == 3 }
            for _ in 0..<50 { #expect(try gateway.get("/dev/x").text == "m") }
            #expect(try gateway.stop() == 0)
        }
    }

    @Test("A listener that a reload closes leaves the store, and a new one enters it")
    func reload() throws {
        let directory = try TemporaryDirectory()
        var configuration = try configuration(directory)
        let manager = try ServiceManager()
        let gateway = try manager.start(configuration, in: directory)
        try eventually("both sockets are held") { manager.store.count == 2 }
        let place = configuration.listeners[0].place
        configuration.listeners[0] = try Listener("vpce-b", options: "defaultApi: shop")
        #expect(try gateway.reloadAndWait(configuration).status == 0)
        let port = configuration.listeners[0].place.port
        try eventually("the new one is held: \(manager.store)") {
            manager.store.contains { $0.name == "held tcp 127.0.0.1%3A\(port)" } && manager.store.count == 2
        }
        try eventually("nobody is at the old address") { (try? Socket.connected(to: place)) == nil }
    }

    @Test("What the next configuration does without is closed, in the store as well")
    func unwanted() throws {
        let directory = try TemporaryDirectory()
        var configuration = try configuration(directory)
        let manager = try ServiceManager()
        #expect(try manager.start(configuration, in: directory).stop() == 0)
        try eventually("both sockets are held") { manager.store.count == 2 }
        let place = configuration.listeners.removeFirst().place
        let gateway = try manager.start(configuration, in: directory)
        try eventually("one is held") { manager.store.count == 1 }
        try eventually("nobody is at the old address") { (try? Socket.connected(to: place)) == nil }
        withExtendedLifetime(gateway) {}
    }

    @Test("A socket file that is gone, or another's, is made anew")
    func fileGone() throws {
        let directory = try TemporaryDirectory()
        let configuration = try configuration(directory)
        let manager = try ServiceManager()
        #expect(try manager.start(configuration, in: directory).stop() == 0)
        try eventually("both sockets are held") { manager.store.count == 2 }
        try directory.remove("mesh.sock")
        let second = try manager.start(configuration, in: directory)
        #expect(try second.call("GET", "/dev/x", by: "vpce-u").text == "m")
        try eventually("only the new one is held: \(manager.store)") { manager.store.count == 2 }
        #expect(try second.stop() == 0)
        #expect(directory.exists("mesh.sock"))
    }

    @Test("A socket whose mode shall be another is made anew")
    func mode() throws {
        let directory = try TemporaryDirectory()
        var configuration = try configuration(directory)
        let manager = try ServiceManager()
        #expect(try manager.start(configuration, in: directory).stop() == 0)
        let path = directory.file("mesh.sock")
        configuration.listeners[1] = Listener(
            "vpce-u", at: .unix(path), "unix: \(path), mode: \"0600\"", "defaultApi: shop")
        let gateway = try manager.start(configuration, in: directory)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(try gateway.call("GET", "/dev/x", by: "vpce-u").text == "m")
    }

    @Test("A held wildcard is not served")
    func wildcard() throws {
        let directory = try TemporaryDirectory()
        let socket = try Socket.listening(at: .tcp("0.0.0.0", 0))
        let configuration = try configuration(directory)
        let manager = try ServiceManager()
        let gateway = try manager.start(
            configuration, in: directory, units: [("held tcp 0.0.0.0%3A\(socket.localPort)", socket)])
        let before = gateway.openDescriptors
        #expect(before > 0)
        #expect(!gateway.errors.contains("0.0.0.0"))
        #expect(try gateway.stop() == 0)
    }

    @Test("Without the option nothing is held, and the file goes")
    func unheld() throws {
        let directory = try TemporaryDirectory()
        let manager = try ServiceManager()
        let gateway = try manager.start(configuration(directory), in: directory, options: [])
        #expect(try gateway.stop() == 0)
        #expect(manager.values("FDSTORE").isEmpty)
        #expect(!directory.exists("mesh.sock"))
    }

    @Test("An upgrade in between changes nothing of what is held")
    func upgrade() throws {
        let directory = try TemporaryDirectory()
        let configuration = try configuration(directory)
        let manager = try ServiceManager()
        let upgrades = Upgrades(try manager.start(configuration, in: directory))
        try eventually("both sockets are held") { manager.store.count == 2 }
        let callers = SteadyCallers(to: configuration.listeners.map(\.place))
        defer { callers.end() }
        #expect(try upgrades.order().status == 0)
        try upgrades.waitUntilOnlyCurrentRuns()
        try callers.waitForMore()
        try upgrades.stop()
        let next = try manager.start(configuration, in: directory)
        try callers.waitForMore()
        #expect(try callers.endAndWait() == [])
        #expect(manager.store.count == 2)
        withExtendedLifetime(next) {}
    }
}
