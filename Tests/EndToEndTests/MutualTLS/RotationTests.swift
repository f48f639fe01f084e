import Foundation
import TestAuthority
import Testing

@Suite("Certificates that change while they are served")
struct RotationTests {
    /// Ways in which a certificate and its key come to be others.
    enum Way: String, CaseIterable { case written, renamed, linked, kubernetes, credentials }

    /// The serial number of the certificate that the gateway presents.
    private func served(_ gateway: SecureGateway) throws -> String {
        let outcome = try gateway.ask(TLSWish())
        #expect(outcome.status == 200, "\(outcome)")
        return outcome.certificate ?? ""
    }

    /// Writes into the file as it is, as `cp` and editors do.
    private func overwrite(_ text: String, _ path: String) throws {
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    /// Has `link` point elsewhere in one step.
    private func relink(_ link: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: link + ".new", withDestinationPath: target)
        guard rename(link + ".new", link) == 0 else { throw SocketFailure("rename") }
    }

    @Test(
        "However the files change, new connections get the new certificate and old ones go on", arguments: Way.allCases)
    func ways(way: Way) throws {
        let estate = try Estate()
        let next = try estate.server("next", names: ["DNS:mesh.internal"])
        let directory = estate.directory
        func texts(_ name: String) -> [(String, String)] {
            ["pem", "key"].map { ("mesh.\($0)", directory.read("tls/\(name).\($0)")) }
        }
        var (place, environment) = ("tls/", [String: String]())
        switch way {
        case .written, .renamed: break
        case .linked:
            for (name, text) in texts("mesh") { try estate.write(text, to: "a/\(name)") }
            for (name, text) in texts("next") { try estate.write(text, to: "b/\(name)") }
            try relink(directory.file("current"), to: "a")
            place = "current/"
        case .kubernetes, .credentials:
            // A mounted secret: files link to `..data`, which links to the version; credentials may be served so, too.
            for (name, text) in texts("mesh") { try estate.write(text, to: "secret/..v1/\(name)") }
            try relink(directory.file("secret/..data"), to: "..v1")
            for (name, _) in texts("mesh") { try relink(directory.file("secret/\(name)"), to: "..data/\(name)") }
            place = way == .kubernetes ? "secret/" : "credential:"
            environment = ["CREDENTIALS_DIRECTORY": directory.file("secret")]
        }
        let tls =
            "tls: {certificates: [{certificate: \"\(place)mesh.pem\", key: \"\(place)mesh.key\"}], clientCertificate: {mode: off}}"
        let gateway = try estate.gateway(estate.configuration(tls), environment: environment)
        let before = try served(gateway)
        let kept = try gateway.connect(TLSWish())
        #expect(try kept.exchange("GET", "/dev/x").status == 200)

        switch way {
        case .written: for (name, text) in texts("next") { try overwrite(text, directory.file("tls/\(name)")) }
        case .renamed: for (name, text) in texts("next").reversed() { try estate.write(text, to: "tls/\(name)") }
        case .linked: try relink(directory.file("current"), to: "b")
        case .kubernetes, .credentials:
            for (name, text) in texts("next") { try estate.write(text, to: "secret/..v2/\(name)") }
            try relink(directory.file("secret/..data"), to: "..v2")
            try directory.remove("secret/..v1")
        }
        try gateway.untilChanged()
        let after = try served(gateway)
        #expect(after != before && next.certificate.pem == after)
        #expect(try kept.exchange("GET", "/dev/x").status == 200)
        #expect(gateway.gateway.errors.contains("certificates have changed: vpce-0"))
        #expect(try gateway.sample("postern_tls_material_stale") == 0)
    }

    @Test("A key that does not belong to its certificate changes nothing, and says so until it is cured")
    func wrongPair() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls("mode: off")))
        let before = try served(gateway)
        let next = try estate.server("next", names: ["DNS:mesh.internal"])
        try estate.write(estate.directory.read("tls/next.pem"), to: "tls/mesh.pem")
        try eventually("the refusal is counted") {
            try gateway.sample(#"postern_tls_material_reloads_total{result="failure"}"#) == 1
        }
        #expect(try gateway.sample("postern_tls_material_stale") == 1)
        #expect(try served(gateway) == before)
        let reason = "the private key does not belong to the certificate `CN=next`"
        #expect(gateway.gateway.errors.contains("certificates keep their old state: "))
        #expect(gateway.gateway.errors.contains(reason))
        let listed = try gateway.certs()
        #expect(listed.status == 1 && listed.output.contains("not served     "), "\(listed)")
        #expect(listed.output.contains(reason) && listed.output.contains("CN=mesh, 89 days left"), "\(listed)")
        // A reload that somebody orders is refused for the same reason.
        let reload = try gateway.gateway.reloadAndWait(gateway.gateway.configuration)
        #expect(reload.status != 0 && reload.all.contains(reason), "\(reload)")
        try estate.write(estate.directory.read("tls/next.key"), to: "tls/mesh.key")
        try gateway.untilChanged()
        #expect(try served(gateway) == next.certificate.pem)
        #expect(try gateway.sample("postern_tls_material_stale") == 0)
        #expect(try gateway.certs().status == 0)
    }

    @Test("An expired certificate, and trust that is empty, are not served either")
    func notGood() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let caller = try estate.client()
        try estate.server("mesh", names: ["DNS:mesh.internal"]) { $0.notAfter = Estate.now - 60 }
        try eventually("the end is told") {
            gateway.gateway.errors.contains("expired 20") || gateway.gateway.errors.contains("expired at 20")
        }
        #expect(try gateway.ask(TLSWish(caller)).status == 200)
        try estate.server("mesh", names: ["DNS:mesh.internal"])
        try gateway.untilChanged()
        try estate.write("", to: "tls/clients.pem")
        try eventually("the missing trust is told") { gateway.gateway.errors.contains("clients.pem") }
        #expect(try gateway.ask(TLSWish(caller)).status == 200)
        #expect(try gateway.certs().status == 1)
    }

    @Test("Trust that is swapped admits the new authority's callers and ends the connections of the old one's")
    func trust() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let successor = Estate.authority("Successors")
        let (old, new) = (try estate.client("old"), try estate.client("new", issuer: successor))
        #expect(try gateway.ask(TLSWish(new)).failure == "TLSV1_ALERT_UNKNOWN_CA")
        let wire = try gateway.connect(TLSWish(old))
        #expect(try wire.exchange("GET", "/dev/x").status == 200)
        // Both for a while: nobody is thrown out.
        try estate.write(estate.clientAuthority.pem + successor.pem, to: "tls/clients.pem")
        try gateway.untilChanged()
        for caller in [old, new] { #expect(try gateway.ask(TLSWish(caller)).status == 200) }
        #expect(try wire.exchange("GET", "/dev/x").status == 200)
        try estate.write(successor.pem, to: "tls/clients.pem")
        try gateway.untilChanged(2)
        #expect(try gateway.ask(TLSWish(old)).failure == "TLSV1_ALERT_UNKNOWN_CA")
        #expect(try gateway.ask(TLSWish(new)).status == 200)
        #expect(try wire.readToEnd().isEmpty)
    }

    @Test("Under load not one request fails while certificate, key and trust change again and again")
    func underLoad() throws {
        let estate = try Estate()
        // All handshakes come from one source, more of them a second than one may make.
        let tls = Estate.tls("trust: [tls/clients.pem]", "handshakesPerSource: 0")
        let gateway = try estate.gateway(estate.configuration(tls))
        let caller = try estate.client()
        let (isOver, failures, count) = (Flag(), Notes(), Notes())
        let (client, place) = (gateway.client, gateway.gateway.place())
        func load(_ body: @escaping @Sendable () throws -> Void) -> Flag {
            let ended = Flag()
            inBackground {
                do {
                    while !isOver.isRaised { try body() }
                } catch {
                    failures.add("\(error)")
                }
                ended.raise()
            }
            return ended
        }
        let kept = Kept(try gateway.connect(TLSWish(caller)))
        let loads = [
            load {
                let message = try kept.wire.exchange("GET", "/dev/x")
                if message.status != 200 { failures.add("kept: \(message.status)") }
                count.add("kept")
            },
            load {
                let request = "GET /dev/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                let outcome = try client.open(place, TLSWish(caller), request: request).outcome
                if outcome.status != 200 { failures.add("new: \(outcome)") }
                count.add("new")
            },
        ]
        for round in 1...3 {
            // The certificate in front of its key: in between the pair is wrong.
            try estate.server("mesh", names: ["DNS:mesh.internal"])
            try estate.write(estate.clientAuthority.pem + Estate.authority("More \(round)").pem, to: "tls/clients.pem")
            try gateway.untilChanged(Double(round))
        }
        isOver.raise()
        for ended in loads { try ended.wait() }
        #expect(failures.all.isEmpty, "\(failures.all)")
        #expect(count.all.contains("kept") && count.all.contains("new"))
    }

    /// Used by one thread after another.
    private final class Kept: @unchecked Sendable {
        let wire: Wire
        init(_ wire: Wire) { self.wire = wire }
    }
}
