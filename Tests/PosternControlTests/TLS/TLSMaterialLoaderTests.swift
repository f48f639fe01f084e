import Foundation
import PosternPolicy
import PosternTLS
import Testing

@testable import PosternControl

/// Real certificates, read through a real configuration.
@Suite("Loading TLS material", .serialized)
struct TLSMaterialLoaderTests {
    private let authority: OpenSSLAuthority

    init() throws {
        authority = try OpenSSLAuthority()
        try authority.issue("mesh")
    }

    private func configuration(_ tls: String, api: String = plainAPI) throws -> LoadedConfiguration {
        let tree = ConfigurationTree([
            "postern.yaml": "listeners:\n  - id: vpce-a\n    unix: /run/a\n    tls: \(tls)",
            "apis.d/shop.yaml": api, "apis.d/allow.json": allowAll,
        ])
        return try tree.load()
    }

    private func load(
        _ tls: String, api: String = plainAPI, after previous: TLSMaterials? = nil,
        environment: MaterialEnvironment = MaterialEnvironment(credentialsDirectory: nil, systemTrust: [])
    ) throws -> TLSMaterials {
        try TLSMaterialLoader.load(
            configuration(tls, api: api), environment: environment, after: previous, rereads: false)
    }

    private func certificate(_ name: String, key: String? = nil) -> String {
        "{certificate: \(authority.file("\(name).pem")), key: \(authority.file("\(key ?? name).key"))}"
    }

    private func listener(_ pair: String, _ client: String = "{mode: off}") -> String {
        "{certificates: [\(pair)], clientCertificate: \(client)}"
    }

    private var trust: String { "{trust: [\(authority.file("root.pem"))]}" }

    /// The errors, or else the warnings, without directories.
    private func report(_ tls: String, api: String = plainAPI) throws -> [String] {
        let configuration = try configuration(tls, api: api)
        let environment = MaterialEnvironment(credentialsDirectory: nil, systemTrust: [])
        let diagnostics: [Diagnostic]
        do throws(Diagnostics) {
            diagnostics = try TLSMaterialLoader.load(configuration, environment: environment).warnings
        } catch {
            diagnostics = error.all
        }
        return diagnostics.map { diagnostic in
            let file = diagnostic.position.file.split(separator: "/").last ?? ""
            return "\(file):\(diagnostic.position.line): \(diagnostic.message)"
                .replacingOccurrences(of: authority.path + "/", with: "")
        }
    }

    @Test func `what is right is ready to serve`() throws {
        let materials = try load(listener(certificate("mesh"), trust))
        let listener = try #require(materials.listeners["vpce-a"])
        #expect(listener.credentials.map(\.certificate.name) == ["CN=mesh"])
        #expect(listener.trust?.anchors.count == 1)
        #expect(listener.verifier != nil)
        #expect(listener.sessions != nil)
        #expect(materials.generation == 1)
        #expect(materials.warnings == [])
    }

    @Test func `without client certificates nobody is trusted or asked`() throws {
        let listener = try #require(try load(listener(certificate("mesh"))).listeners["vpce-a"])
        #expect(listener.trust == nil)
        #expect(listener.verifier == nil)
    }

    @Test func `a key of another certificate is told at the certificate`() throws {
        try authority.issue("other")
        #expect(
            try report(listener(certificate("mesh", key: "other"))) == [
                "postern.yaml:4: `mesh.pem` cannot be used with the key `other.key`: the private key does not belong to the certificate `CN=mesh`"
            ])
    }

    @Test func `everything wrong is told at once`() throws {
        try authority.write("nonsense", to: "bad.pem")
        let found = try report(
            "{certificates: [\(certificate("absent")), \(certificate("bad", key: "mesh"))], "
                + "clientCertificate: {trust: [\(authority.file("none.d"))], crl: {files: [\(authority.file("bad.pem"))]}}}"
        )
        #expect(found.contains("postern.yaml:4: cannot read `absent.pem`: no such file or directory"))
        #expect(found.contains("postern.yaml:4: cannot read `absent.key`: no such file or directory"))
        #expect(found.contains { $0.hasPrefix("postern.yaml:4: `bad.pem` cannot be used with the key `mesh.key`: ") })
        #expect(found.contains { $0.hasPrefix("postern.yaml:4: `none.d`: ") })
        #expect(found.contains { $0.hasPrefix("postern.yaml:4: `bad.pem`: no revocation list") })
    }

    @Test func `a certificate out of its time is refused with the time`() throws {
        try authority.issue("late", dates: ("20200101000000Z", "20210101000000Z"))
        try authority.issue("early", dates: ("20900101000000Z", "20910101000000Z"))
        #expect(
            try report(listener(certificate("late"))) == [
                "postern.yaml:4: `CN=late` in `late.pem` expired at 2021-01-01T00:00:00Z"
            ])
        #expect(
            try report(listener(certificate("early"))) == [
                "postern.yaml:4: `CN=early` in `early.pem` is not valid before 2090-01-01T00:00:00Z"
            ])
    }

    @Test func `a chain must stand in order`() throws {
        try authority.issue("middle", kind: "intermediate")
        try authority.issue("deep", by: "middle")
        let (deep, middle, mesh) = (
            try authority.read("deep.pem"), try authority.read("middle.pem"), try authority.read("mesh.pem")
        )
        try authority.write(deep + middle, to: "deep.pem")
        #expect(try report(listener(certificate("deep"))) == [])
        try authority.write(deep + mesh, to: "deep.pem")
        #expect(
            try report(listener(certificate("deep"))) == [
                "postern.yaml:4: `CN=deep` in `deep.pem` was not issued by the next certificate, `CN=mesh`"
            ])
    }

    @Test func `a certificate that ends soon and a stale list are warned of`() throws {
        try authority.issue("short", days: 10)
        try authority.writeList("stale.crl", dates: ("20200101000000Z", "20200201000000Z"))
        let found = try report(
            listener(
                certificate("short"),
                "{trust: [\(authority.file("root.pem"))], crl: {files: [\(authority.file("stale.crl"))]}}"))
        #expect(found.count == 2)
        #expect(found.contains { $0.hasPrefix("postern.yaml:4: `CN=short` in `short.pem` expires in ") })
        #expect(found.contains { $0.contains("the revocation list `CN=root` in `stale.crl` expired") })
    }

    @Test func `credentials are read from systemd's directory, and missed without one`() throws {
        let tls =
            "{certificates: [{certificate: \"credential:mesh.pem\", key: \"credential:mesh.key\"}], clientCertificate: {mode: off}}"
        let environment = MaterialEnvironment(credentialsDirectory: authority.path, systemTrust: [])
        #expect(try load(tls, environment: environment).listeners["vpce-a"]?.credentials.count == 1)
        #expect(
            try report(tls) == [
                "postern.yaml:4: `credential:mesh.pem` cannot be read: the process has no credentials",
                "postern.yaml:4: `credential:mesh.key` cannot be read: the process has no credentials",
            ])
    }

    @Test func `a key may come from a store`() throws {
        let key = "file:\(authority.file("mesh.key"))"
        let pair = "{certificate: \(authority.file("mesh.pem")), key: \"\(key)\"}"
        #expect(try load(listener(pair)).listeners["vpce-a"]?.credentials.count == 1)
    }

    @Test func `what did not change is kept, what changed has a new generation`() throws {
        let tls = listener(certificate("mesh"), trust)
        let first = try load(tls)
        try authority.issue("other")
        let same = try load(tls, after: first)
        // Another tree of files, so the settings' positions differ; the settings do not.
        #expect(same.listeners["vpce-a"] === first.listeners["vpce-a"])
        #expect(same.generation == 2)
        try authority.issue("mesh")
        let next = try load(tls, after: same)
        let (before, after) = (try #require(first.listeners["vpce-a"]), try #require(next.listeners["vpce-a"]))
        #expect(after !== before)
        #expect(after.generation == 3)
        #expect(after.sessions === before.sessions)
    }

    @Test func `an upstream's trust, name and certificate are made ready once for each profile`() throws {
        let pair = "certificate: \(authority.file("mesh.pem")), key: \(authority.file("mesh.key"))"
        let api = """
            id: shop
            policy: allow.json
            stages: {dev: {clientCertificate: {\(pair)}}}
            routes:
              GET /a: {uri: "https://orders/a", tls: {trust: [\(authority.file("root.pem"))]}}
              GET /b: {uri: "https://orders/b", tls: {trust: [\(authority.file("root.pem"))]}}
            """
        let materials = try load(listener(certificate("mesh")), api: api)
        #expect(materials.upstreams.count == 1)
        let upstream = try #require(materials.upstreams.values.first)
        #expect(upstream.credential?.certificate.name == "CN=mesh")
        #expect(upstream.trust.anchors.count == 1)
        #expect(upstream.verifier.expected == .host("orders"))
    }

    @Test func `without trust of its own an upstream has the system's, which must be there`() throws {
        let api = "id: shop\npolicy: allow.json\nstages: {dev: {}}\nroutes:\n  GET /a: https://orders/a"
        let environment = MaterialEnvironment(
            credentialsDirectory: nil, systemTrust: ["/nonexistent", authority.file("root.pem")])
        let materials = try load(listener(certificate("mesh")), api: api, environment: environment)
        #expect(materials.upstreams.values.first?.trust.anchors.count == 1)
        #expect(
            try report(listener(certificate("mesh")), api: api) == ["postern.yaml:1: the system has no trust store"])
    }

    @Test func `the report tells of every certificate, issuer and list`() throws {
        try authority.writeList("root.crl")
        let materials = try load(
            listener(
                certificate("mesh"),
                "{trust: [\(authority.file("root.pem"))], crl: {files: [\(authority.file("root.crl"))]}}"))
        let report = CertificatesReport(materials, .init(), staples: [:], now: Clock.wallSeconds)
        let holder = try #require(report.listeners.first)
        #expect(holder.name == "vpce-a")
        #expect(holder.clientCertificate == "required")
        #expect(holder.certificates.map(\.subject) == ["CN=mesh"])
        #expect(holder.certificates.map(\.names) == [["mesh.internal"]])
        #expect(holder.certificates.allSatisfy { (363...365).contains($0.daysLeft) })
        #expect(holder.trust.map(\.subject) == ["CN=root"])
        #expect(holder.revocationLists.map(\.issuer) == ["CN=root"])
        #expect(holder.revocationLists.allSatisfy { $0.isCurrent })
        let samples = report.samples
        #expect(
            samples.contains { $0.metric.name == "postern_tls_certificate_expiry_timestamp_seconds" && $0.value > 1e9 })
        #expect(
            samples.contains { $0.metric.name == "postern_tls_crl_next_update_timestamp_seconds" && $0.value > 1e9 })
        let decoded = try JSONDecoder().decode(CertificatesReport.self, from: JSONEncoder().encode(report))
        #expect(decoded == report)
    }
}
