import PosternHost
import Testing

@testable import PosternControl

@Suite("Places that a configuration needs")
struct SandboxPlacesTests {
    private func places(_ lines: [String], _ files: [String: String] = [:]) throws -> LandlockPlaces {
        let text =
            lines + ["listeners:", "  - {id: vpce-a, unix: /srv/sockets/a.sock}", "  - {id: vpce-b, unix: \"@b\"}"]
        let tree = ConfigurationTree(files.merging(["postern.yaml": text.joined(separator: "\n")]) { $1 })
        let places = SandboxPlaces.places(
            of: try tree.load(), environment: .init(credentialsDirectory: "/srv/credentials", systemTrust: []))
        return LandlockPlaces(
            read: Set(places.read.map { $0.replacing(tree.directory, with: "TREE") }), execute: places.execute,
            write: places.write)
    }

    @Test("The configuration's directory and that of its APIs are read")
    func own() throws {
        let places = try places([])
        #expect(places.read.isSuperset(of: ["TREE", "TREE/apis.d", "/etc", "/usr", "/proc"]))
        #expect(!places.read.contains("/") && !places.write.contains("/") && !places.write.contains("TREE"))
    }

    @Test("Directories of sockets and of both logs are written, and no other")
    func written() throws {
        let places = try places([
            "admin: {socket: /srv/admin/a.sock}", "accessLog: {path: /srv/log/access.log}",
            "systemLog: {path: /srv/notes/system.log}",
        ])
        let expected: Set<String> = ["/srv/sockets", "/srv/admin", "/srv/log", "/srv/notes", "/dev/null"]
        #expect(places.write.filter { $0.hasPrefix("/srv") || $0 == "/dev/null" } == expected)
    }

    @Test("What `sandbox` lists is added")
    func listed() throws {
        let places = try places(["sandbox: {read: [/srv/more], write: [/srv/state]}"])
        #expect(places.read.contains("/srv/more"))
        #expect(places.write.contains("/srv/state"))
    }

    @Test("Files of an upstream's TLS settings are read where they are")
    func upstream() throws {
        let api = """
            id: shop
            kind: rest
            stages: {dev: {}}
            routes:
              GET /x: {type: HTTP_PROXY, uri: "https://10.0.0.1/", tls: {trust: [/srv/trust/ca.pem], certificate: credential:c, key: /srv/keys/k.pem}}
            """
        let places = try places([], ["apis.d/shop.yaml": api])
        #expect(places.read.isSuperset(of: ["/srv/trust", "/srv/keys", "/srv/credentials"]))
    }
}
