import Foundation
import Testing

@Suite("Listeners on Unix sockets")
struct UnixListenerTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func configuration(_ path: String, _ options: String = "", policy: String = Policies.open) throws
        -> Configuration
    {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"], policy: policy)
        let more = options.isEmpty ? "" : ", \(options)"
        configuration.listeners = [
            Listener("vpce-local", at: .unix(path), "unix: \"\(path)\"", "defaultApi: shop\(more)")
        ]
        return configuration
    }

    private func mode(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
    }

    @Test("A path is served, with the mode asked for, and removed at the end")
    func path() throws {
        let path = directory.file("a.sock")
        let gateway = try Gateway(configuration(path, "mode: \"0600\""))
        #expect(try gateway.get("/dev/x").text == "m")
        #expect(try mode(path) == 0o600)
        #expect(try gateway.stop() == 0)
        #expect(!directory.exists("a.sock"))
    }

    @Test("The default mode is 0660")
    func defaultMode() throws {
        let path = directory.file("a.sock")
        let gateway = try Gateway(configuration(path))
        #expect(try mode(path) == 0o660)
        withExtendedLifetime(gateway) {}
    }

    @Test("Owner and group are set", .enabled(if: Machine.isRoot, "only root may give files away"))
    func owner() throws {
        let path = directory.file("a.sock")
        let gateway = try Gateway(configuration(path, "owner: \"65534\", group: \"65533\""))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.ownerAccountID] as? Int == 65534)
        #expect(attributes[.groupOwnerAccountID] as? Int == 65533)
        withExtendedLifetime(gateway) {}
    }

    @Test("An abstract name is served")
    func abstract() throws {
        let gateway = try Gateway(configuration("@postern-e2e-\(UInt64.random(in: 0 ... .max))"))
        #expect(try gateway.get("/dev/x").text == "m")
    }

    @Test("A caller has no address, so an address condition is not met and an endpoint condition is")
    func facts() throws {
        let byAddress = try Gateway(
            configuration(
                directory.file("a.sock"),
                policy: Policies.policy(
                    Policies.statement("Allow", #"{"IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}}"#))))
        let refused = try byAddress.get("/dev/x")
        #expect(refused.status == 403)
        #expect(try byAddress.record(of: refused)["sourceIp"] == nil)
        let byEndpoint = try Gateway(
            configuration(
                directory.file("b.sock"),
                policy: Policies.policy(
                    Policies.statement("Allow", #"{"StringEquals":{"aws:SourceVpce":"vpce-local"}}"#))))
        #expect(try byEndpoint.get("/dev/x").status == 200)
    }

    @Test("A stale socket file is replaced")
    func stale() throws {
        let path = directory.file("a.sock")
        // Bound and gone: what a killed process leaves.
        try Socket.listening(at: .unix(path)).close()
        #expect(directory.exists("a.sock"))
        #expect(try Gateway(configuration(path)).get("/dev/x").text == "m")
    }

    @Test("A killed gateway's socket is taken over by the next one")
    func afterKill() throws {
        let path = directory.file("a.sock")
        let first = try Gateway(configuration(path))
        first.child.signal(SIGKILL)
        _ = try first.child.exit()
        #expect(directory.exists("a.sock"))
        #expect(try Gateway(configuration(path)).get("/dev/x").text == "m")
    }

    @Test("A live socket is refused and left alone")
    func live() throws {
        let path = directory.file("a.sock")
        let first = try Gateway(configuration(path))
        let second = try Gateway(configuration(path), launcher: [])
        #expect(try second.child.exit() == 1)
        #expect(second.errors.contains(path))
        #expect(try first.get("/dev/x").text == "m")
    }

    @Test("A file that is no socket is refused and left alone")
    func ordinaryFile() throws {
        try directory.write("precious", to: "a.sock")
        let gateway = try Gateway(configuration(directory.file("a.sock")), launcher: [])
        #expect(try gateway.child.exit() == 78)
        #expect(directory.read("a.sock") == "precious")
    }
}
