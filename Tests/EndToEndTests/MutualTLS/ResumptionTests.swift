import Foundation
import TestAuthority
import Testing

@Suite("Resumed sessions")
struct ResumptionTests {
    private static let crl = Estate.tls("trust: [tls/clients.pem], crl: {files: [tls/clients.crl]}")

    /// Whether a caller that was here before is let in on its session; fails where it is not let in at all.
    private func resumes(
        _ gateway: SecureGateway, _ caller: EstateIdentity?, _ version: String, session: String,
        by listener: String? = nil
    ) throws -> Bool {
        var wish = TLSWish(caller, version: version)
        wish.session = session
        let outcome = try gateway.ask(wish, by: listener)
        #expect(outcome.status == 200, "\(outcome)")
        return outcome.isResumed
    }

    @Test("A caller that comes again resumes, with the identity of its first handshake", arguments: ["1.2", "1.3"])
    func resumed(version: String) throws {
        let estate = try Estate()
        let gateway = try estate.gateway(
            estate.configuration(
                Estate.tls(), Estate.tls(), Estate.tls("trust: [tls/clients.pem]", "tickets: {mode: off}")))
        let caller = try estate.client("orders")
        #expect(try !resumes(gateway, caller, version, session: "a"))
        // More than once, whatever became of the first session.
        for _ in 0..<3 { #expect(try resumes(gateway, caller, version, session: "a")) }
        let record = try gateway.gateway.record { $0.flag("tlsResumed") }
        #expect(record["clientCertSubjectDN"] == "CN=orders")
        #expect(try gateway.sample(#"postern_tls_handshakes_total{result="resumed"}"#) == 3)
        // A session admits at its own listener only, and nowhere where sessions are off.
        #expect(try !resumes(gateway, caller, version, session: "a", by: "vpce-1"))
        #expect(try !resumes(gateway, caller, version, session: "c", by: "vpce-2"))
        #expect(try !resumes(gateway, caller, version, session: "c", by: "vpce-2"))
    }

    @Test("`openssl s_client` resumes as well", arguments: ["-tls1_2", "-tls1_3"])
    func openssl(version: String) throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let caller = OpenSSL.present(try estate.client())
        let file = estate.directory.file("session.pem")
        let request = #"GET /dev/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"#
        let place = gateway.gateway.place()
        let first = try OpenSSL.client(place, caller + [version, "-sess_out", file], asking: request)
        #expect(first.contains("200 OK") && first.contains("New, TLSv1"), "\(first)")
        let second = try OpenSSL.client(place, caller + [version, "-sess_in", file], asking: request)
        #expect(second.contains("200 OK") && second.contains("Reused, TLSv1"), "\(second)")
    }

    @Test("A new list ends the sessions of whom it names, and nobody else's for good", arguments: ["1.2", "1.3"])
    func revoked(version: String) throws {
        let estate = try Estate()
        try estate.revoke([])
        let gateway = try estate.gateway(estate.configuration(Self.crl))
        let (good, bad) = (try estate.client("good"), try estate.client("bad"))
        for caller in [good, bad] {
            #expect(try !resumes(gateway, caller, version, session: caller.keyFile))
            #expect(try resumes(gateway, caller, version, session: caller.keyFile))
        }
        try estate.revoke([bad.certificate], number: 2)
        try gateway.untilChanged()
        var wish = TLSWish(bad, version: version)
        wish.session = bad.keyFile
        #expect(try gateway.ask(wish).failure == "SSLV3_ALERT_CERTIFICATE_REVOKED")
        _ = try resumes(gateway, good, version, session: good.keyFile)
        #expect(try resumes(gateway, good, version, session: good.keyFile))
    }

    @Test("Another trust store ends the sessions that it no longer admits", arguments: ["1.2", "1.3"])
    func distrusted(version: String) throws {
        let estate = try Estate()
        let successor = Estate.authority("Successors")
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let caller = try estate.client()
        _ = try resumes(gateway, caller, version, session: "a")
        #expect(try resumes(gateway, caller, version, session: "a"))
        try estate.write(successor.pem, to: "tls/clients.pem")
        try gateway.untilChanged()
        var wish = TLSWish(caller, version: version)
        wish.session = "a"
        #expect(try gateway.ask(wish).failure == "TLSV1_ALERT_UNKNOWN_CA")
        #expect(try !resumes(gateway, try estate.client(issuer: successor), version, session: "b"))
    }

    @Test(
        "A session that was made without a certificate is worth nothing once one is required",
        arguments: ["1.2", "1.3"])
    func optional(version: String) throws {
        let estate = try Estate()
        var configuration = try estate.configuration(Estate.tls("mode: optional, trust: [tls/clients.pem]"))
        let gateway = try estate.gateway(configuration)
        _ = try resumes(gateway, nil, version, session: "a")
        #expect(try resumes(gateway, nil, version, session: "a"))
        configuration.listeners[0].text = configuration.listeners[0].text.replacing("mode: optional, ", with: "")
        #expect(try gateway.gateway.reloadAndWait(configuration).status == 0)
        var wish = TLSWish(version: version)
        wish.session = "a"
        #expect(try !gateway.ask(wish).failure.isEmpty)
    }

    @Test(
        "Gateways that share keys in a file resume each other's sessions, also over a change of keys",
        arguments: ["1.2", "1.3"])
    func shared(version: String) throws {
        let (first, second) = (try Estate(), try Estate())
        let keys = (0..<2).map { _ in Data((0..<80).map { _ in UInt8.random(in: 0...255) }) }
        func write(_ all: Data...) throws {
            for estate in [first, second] {
                try all.reduce(Data(), +).write(
                    to: URL(filePath: estate.directory.file("tls/tickets")), options: .atomic)
            }
        }
        try write(keys[0])
        // Both present the first one's certificate and trust its callers.
        for file in ["mesh.pem", "mesh.key", "clients.pem", "servers.pem"] {
            try second.write(first.directory.read("tls/\(file)"), to: "tls/\(file)")
        }
        let tls = Estate.tls("trust: [tls/clients.pem]", "tickets: {keys: tls/tickets}")
        let one = try first.gateway(first.configuration(tls))
        let two = try second.gateway(second.configuration(tls))
        let caller = try first.client("orders")
        var wish = TLSWish(caller, version: version)
        wish.session = "a"
        func call(_ gateway: SecureGateway) throws -> Bool {
            let request = "GET /dev/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let outcome = try one.client.open(gateway.gateway.place(), wish, request: request).outcome
            #expect(outcome.status == 200, "\(outcome)")
            return outcome.isResumed
        }
        #expect(try !call(one))
        #expect(try call(two))
        #expect(try two.gateway.record { $0.flag("tlsResumed") }["clientCertSubjectDN"] == "CN=orders")
        // The first key seals, the others open.
        try write(keys[1], keys[0])
        for gateway in [one, two] { try gateway.untilChanged() }
        #expect(try call(two))
        try write(keys[1])
        for gateway in [one, two] { try gateway.untilChanged(2) }
        #expect(try call(one))
        wish.session = "b"
        #expect(try !call(two))
        try write(keys[0])
        for gateway in [one, two] { try gateway.untilChanged(3) }
        #expect(try !call(one))
    }
}
