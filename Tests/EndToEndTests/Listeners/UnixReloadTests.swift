import Foundation
import Testing

@Suite("Unix listeners across reloads")
struct UnixReloadTests {
    private let directory: TemporaryDirectory
    private let mesh: Listener

    init() throws {
        directory = try TemporaryDirectory()
        mesh = try Listener("vpce-mesh", options: "defaultApi: shop")
    }

    private var path: String { directory.file("local.sock") }

    private func configuration(mode: String, and others: [Listener] = []) throws -> Configuration {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        let local = Listener(
            "vpce-local", at: .unix(path), "unix: \(path), mode: \"\(mode)\"", "defaultApi: shop")
        configuration.listeners = [local, mesh] + others
        return configuration
    }

    private func mode() throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
    }

    @Test("A reload that fails at another listener leaves path and mode as they were; the next one changes the mode")
    func failed() throws {
        let gateway = try Gateway(configuration(mode: "0600"))
        let wire = try gateway.connect("vpce-local")
        #expect(try wire.exchange("GET", "/dev/x").text == "m")
        let taken = try Socket.listening(at: .tcp("127.0.0.1", 0))
        let blocked = Listener(
            "vpce-taken", at: .tcp("127.0.0.1", taken.localPort), "address: 127.0.0.1, port: \(taken.localPort)")
        #expect(try gateway.reloadAndWait(configuration(mode: "0666", and: [blocked])).status == 1)
        #expect(try gateway.call("GET", "/dev/x", by: "vpce-local").text == "m")
        #expect(try wire.exchange("GET", "/dev/x").text == "m")
        #expect(try mode() == 0o600)

        let reload = try gateway.reloadAndWait(configuration(mode: "0666"))
        #expect(reload.status == 0, "\(reload)")
        #expect(try gateway.call("GET", "/dev/x", by: "vpce-local").text == "m")
        #expect(try mode() == 0o666)
        #expect(try gateway.stop() == 0)
        #expect(!directory.exists("local.sock"))
    }
}
