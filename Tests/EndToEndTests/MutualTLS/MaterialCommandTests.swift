import Foundation
import TestAuthority
import Testing

@Suite("Certificates in commands and reloads")
struct MaterialCommandTests {
    @Test("`postern certs` lists what is served, for people and for programs")
    func certs() throws {
        let estate = try Estate()
        let gone = try estate.client("gone")
        try estate.revoke([gone.certificate], number: 7)
        let (tls, plain) = (
            Estate.tls("trust: [tls/clients.pem], crl: {files: [tls/clients.crl]}, ocsp: {mode: soft}"),
            Estate.tls("mode: off")
        )
        let gateway = try estate.gateway(estate.configuration(tls, plain))
        let text = try gateway.certs()
        #expect(text.status == 0)
        for line in [
            "generation     1, 0 changes served, 0 refused",
            "listener       vpce-0: generation 1, client certificate required, OCSP soft",
            "  certificate  CN=mesh, 89 days left, until 20",
            "               for mesh.internal",
            "/tls/mesh.pem, key ",
            "  trusts       CN=Clients, 3649 days left, from ",
            "  revocation   list of CN=Clients, 1 revoked, 1 h old, until 20",
            "listener       vpce-1: generation 1, client certificate off",
        ] { #expect(text.output.contains(line), "\(line) in \(text)") }
        let json = try gateway.certs("--json")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let listeners = try #require(object["listeners"] as? [[String: Any]])
        #expect(listeners.map { $0["name"] as? String } == ["vpce-0", "vpce-1"])
        let certificate = try #require((listeners[0]["certificates"] as? [[String: Any]])?.first)
        #expect(certificate["subject"] as? String == "CN=mesh")
        let list = try #require((listeners[0]["revocationLists"] as? [[String: Any]])?.first)
        #expect(list["number"] as? String == "07" && list["isCurrent"] as? Bool == true, "\(list)")
        #expect(json.status == 0)
        try gateway.gateway.stop()
        #expect(try gateway.certs().status == 69)
    }

    @Test("`postern check` tells each problem of certificates at its place")
    func check() throws {
        let estate = try Estate()
        try estate.server("other", names: ["DNS:other.internal"])
        try estate.server("old", names: ["DNS:old.internal"]) { $0.notAfter = Estate.now - 60 }
        try estate.write("no certificate\n", to: "tls/nonsense.pem")
        try estate.revoke([], in: "tls/forged.crl")
        let forged = TestRevocationList(
            RevocationRecipe(thisUpdate: Estate.now - 60, nextUpdate: Estate.now + 60), issuer: estate.clientAuthority,
            signer: estate.serverAuthority.key)
        try estate.write(forged.pem, to: "tls/forged.crl")
        func problem(_ tls: String) throws -> Child.Result {
            try estate.configuration(tls).write(to: estate.directory)
            return try Postern.run("check", "--config", estate.directory.path)
        }
        func pair(_ certificate: String, _ key: String) -> String {
            "tls: {certificates: [{certificate: tls/\(certificate), key: tls/\(key)}], clientCertificate: {mode: off}}"
        }
        for (tls, text) in [
            (pair("mesh.pem", "other.key"), "the private key does not belong to the certificate `CN=mesh`"),
            (pair("old.pem", "old.key"), "expired"),
            (pair("none.pem", "mesh.key"), "tls/none.pem"),
            (pair("nonsense.pem", "mesh.key"), "tls/nonsense.pem"),
            (Estate.tls("trust: [tls/nonsense.pem]"), "tls/nonsense.pem"),
            (Estate.tls("trust: [tls/none]"), "tls/none"),
            (
                Estate.tls("trust: [tls/clients.pem], crl: {files: [tls/forged.crl]}"),
                "its signature is not that of `CN=Clients` in the trust store"
            ),
        ] {
            let result = try problem(tls)
            #expect(result.status != 0 && result.all.contains(text), "\(tls): \(result)")
            #expect(result.all.contains("postern.yaml:"), "\(result)")
        }
        #expect(try problem(Estate.tls()).status == 0)
    }

    @Test("A gateway whose certificates cannot be served does not start, and says why")
    func start() throws {
        let estate = try Estate()
        try estate.server("other", names: ["DNS:other.internal"])
        try estate.write(estate.directory.read("tls/other.key"), to: "tls/mesh.key")
        let gateway = try Gateway(estate.configuration(Estate.tls()), in: estate.directory, launcher: [])
        #expect(try gateway.child.exit() != 0)
        #expect(gateway.errors.contains("the private key does not belong to the certificate `CN=mesh`"))
    }

    @Test("A listener turns from plain HTTP to TLS and back, and what is open ends as it began")
    func turn() throws {
        let estate = try Estate()
        let secured = try estate.configuration(Estate.tls())
        var plain = secured
        plain.listeners[0].text = plain.listeners[0].text.replacing(", \(Estate.tls())", with: "")
        let gateway = try estate.gateway(plain)
        let caller = try estate.client()
        let old = try gateway.gateway.connect()
        #expect(try old.exchange("GET", "/dev/x").status == 200)

        #expect(try gateway.gateway.reloadAndWait(secured).status == 0)
        // What came unsecured is not served any longer.
        #expect(try old.readToEnd().isEmpty)
        #expect(try gateway.gateway.get("/dev/x").status == 400)
        let wire = try gateway.connect(TLSWish(caller))
        #expect(try wire.exchange("GET", "/dev/x").status == 200)

        #expect(try gateway.gateway.reloadAndWait(plain).status == 0)
        #expect(try gateway.gateway.get("/dev/x").status == 200)
        #expect(try wire.exchange("GET", "/dev/x").status == 200)
        #expect(try !gateway.ask(TLSWish(caller)).failure.isEmpty)
    }

    @Test(
        "A certificate that ends soon is told of in the log and in metrics, and one that has ended by `postern certs`")
    func expiry() throws {
        let estate = try Estate()
        let end = Int(time(nil)) + 6
        try estate.server("mesh", names: ["DNS:mesh.internal"]) { $0.notAfter = end }
        let gateway = try estate.gateway(estate.configuration(Estate.tls("mode: off")))
        #expect(gateway.gateway.errors.contains("`CN=mesh` in "))
        #expect(gateway.gateway.errors.contains("expires in 0 days"))
        let metrics = try gateway.metrics()
        let line = metrics.split(separator: "\n").first {
            $0.hasPrefix("postern_tls_certificate_expiry_timestamp_seconds{") && $0.contains(#"name="vpce-0""#)
        }
        #expect(line?.split(separator: " ").last.flatMap { Double($0) } == Double(end), "\(line ?? "none")")
        try eventually("it has ended") { Int(time(nil)) > end }
        let listed = try gateway.certs()
        #expect(listed.status == 1 && listed.output.contains("CN=mesh, EXPIRED"), "\(listed)")
    }

    @Test("A trusted issuer that has expired is one of what `postern certs` does not call good")
    func expiredTrust() throws {
        let estate = try Estate()
        let old = Estate.authority("Old") { $0.notAfter = Estate.now - 60 }
        try estate.write(estate.clientAuthority.pem + old.pem, to: "tls/clients.pem")
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        #expect(try gateway.ask(TLSWish(try estate.client())).status == 200)
        #expect(gateway.gateway.errors.contains("the anchor `CN=Old` in "))
        let listed = try gateway.certs()
        #expect(listed.status == 1 && listed.output.contains("trusts       CN=Old, EXPIRED"), "\(listed)")
    }
}
