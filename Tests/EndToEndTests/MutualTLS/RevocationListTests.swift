import Foundation
import TestAuthority
import Testing

@Suite("Revocation lists of callers")
struct RevocationListTests {
    private func tls(_ mode: String, _ file: String = "tls/clients.crl", _ more: String = "") -> String {
        Estate.tls("trust: [tls/clients.pem], crl: {files: [\(file)], mode: \(mode)}\(more)")
    }

    @Test("A list that is missing, stale or early says exactly that, and counts as its mode says")
    func modes() throws {
        let estate = try Estate()
        let team = Estate.authority("Team", under: estate.clientAuthority)
        try estate.revoke([])
        try estate.revoke([], in: "tls/stale.crl") {
            $0.thisUpdate -= 7200; $0.nextUpdate = Estate.now - 60
        }
        try estate.revoke([], in: "tls/early.crl") { $0.thisUpdate = Estate.now + 3600 }
        let (leaf, worker) = (try estate.client(), try estate.client("worker", issuer: team, chain: [team]))
        let gateway = try estate.gateway(
            estate.configuration(
                tls("require"), tls("check"), tls("off"), tls("require", "tls/stale.crl"),
                tls("check", "tls/stale.crl"),
                tls("off", "tls/stale.crl"), tls("require", "tls/early.crl"), tls("check", "tls/early.crl")))
        let unknown = "SSLV3_ALERT_CERTIFICATE_UNKNOWN"
        let missing = "no CRL of `CN=Team` that covers `CN=worker` is in the trust store"
        let cases: [(listener: Int, caller: EstateIdentity, alert: String, reason: String)] = [
            (0, leaf, "", ""), (0, worker, unknown, missing), (1, leaf, "", ""), (1, worker, "", ""),
            (2, worker, "", ""),
            (3, leaf, unknown, "the CRL of `CN=Clients` expired 20"),
            (4, leaf, unknown, "the CRL of `CN=Clients` expired 20"),
            (5, leaf, "", ""), (6, leaf, unknown, "the CRL of `CN=Clients` is not valid before 20"),
            (7, leaf, unknown, "the CRL of `CN=Clients` is not valid before 20"),
        ]
        for one in cases {
            for version in ["1.2", "1.3"] {
                let outcome = try gateway.ask(TLSWish(one.caller, version: version), by: "vpce-\(one.listener)")
                #expect(outcome.failure == one.alert, "listener \(one.listener), \(one.reason)")
            }
            if !one.reason.isEmpty { _ = try gateway.refusal(by: "vpce-\(one.listener)", containing: one.reason) }
        }
        // The stale list is told of at the start, and by `postern certs`.
        let warning = "tls/stale.crl"
        #expect(gateway.gateway.errors.contains(warning))
        let listed = try gateway.certs()
        #expect(listed.status == 1 && listed.output.contains("STALE since 20"), "\(listed)")
    }

    @Test("A revoked intermediate takes everybody below it along")
    func intermediate() throws {
        let estate = try Estate()
        let team = Estate.authority("Team", under: estate.clientAuthority)
        try estate.revoke([team], in: "tls/lists/clients.crl")
        try estate.revoke([], of: team, in: "tls/lists/team.crl")
        let gateway = try estate.gateway(estate.configuration(tls("require", "tls/lists")))
        let worker = try estate.client("worker", issuer: team, chain: [team])
        #expect(try gateway.ask(TLSWish(worker)).failure == "SSLV3_ALERT_CERTIFICATE_REVOKED")
        _ = try gateway.refusal(containing: "`CN=Team` was revoked by `CN=Clients`; file")
        #expect(try gateway.ask(TLSWish(try estate.client())).status == 200)
    }

    @Test("A delta list revokes on top of its base, and the base alone is not enough once the delta is stale")
    func delta() throws {
        let estate = try Estate()
        let (kept, gone) = (try estate.client("kept"), try estate.client("gone"))
        try estate.revoke([], number: 5, in: "tls/lists/base.crl")
        try estate.revoke([gone.certificate], number: 6, in: "tls/lists/delta.crl") { $0.base = 5 }
        let gateway = try estate.gateway(estate.configuration(tls("require", "tls/lists")))
        #expect(try gateway.ask(TLSWish(gone)).failure == "SSLV3_ALERT_CERTIFICATE_REVOKED")
        _ = try gateway.refusal(containing: "`CN=gone` was revoked by `CN=Clients`; file")
        #expect(try gateway.refusal(containing: "delta.crl")["errorReason"]?.contains("CN=gone") == true)
        #expect(try gateway.ask(TLSWish(kept)).status == 200)
        #expect(try gateway.certs().output.contains("delta list of CN=Clients, 1 revoked"))
        try estate.revoke([gone.certificate], number: 6, in: "tls/lists/delta.crl") {
            $0.base = 5
            $0.nextUpdate = Estate.now - 60
        }
        try gateway.untilChanged()
        #expect(try gateway.ask(TLSWish(kept)).failure == "SSLV3_ALERT_CERTIFICATE_UNKNOWN")
        _ = try gateway.refusal(containing: "the delta CRL of `CN=Clients` expired 20")
    }

    @Test("A new list reaches open connections as `whenInvalid` says, and every new handshake")
    func live() throws {
        let mayAnswer = Flag()
        let back = try BackEnd { connection in
            while true {
                let request = try connection.readRequest()
                if request.target == "/slow" { try mayAnswer.wait() }
                try connection.send(reply("done"))
            }
        }
        let estate = try Estate()
        try estate.revoke([])
        let modes = ["atOnce", "afterExchange", "never"]
        let gateway = try estate.gateway(
            estate.configuration(
                tls("require", "tls/clients.crl", ", whenInvalid: atOnce"), tls("require"),
                tls("require", "tls/clients.crl", ", whenInvalid: never"),
                routes: ["GET /slow": "\(back.uri)/slow", "GET /x": "\(back.uri)/x"]))
        let (bad, good) = (try estate.client("bad"), try estate.client("good"))
        func connections(_ caller: EstateIdentity) throws -> [Wire] {
            try modes.indices.map { try gateway.connect(TLSWish(caller), by: "vpce-\($0)") }
        }
        let (idle, busy, other) = (try connections(bad), try connections(bad), try connections(good))
        for wire in idle + other { #expect(try wire.exchange("GET", "/dev/x").status == 200) }
        for wire in busy { try wire.request("GET", "/dev/slow") }
        try eventually("all are asked") { back.requests.count(where: { $0.target == "/slow" }) == 3 }

        try estate.revoke([bad.certificate], number: 2)
        try gateway.untilChanged()
        for index in modes.indices {
            #expect(try gateway.ask(TLSWish(bad), by: "vpce-\(index)").failure == "SSLV3_ALERT_CERTIFICATE_REVOKED")
        }
        // At once: cut in the middle. After the exchange: idle ones end, busy ones answer first. Never: nothing.
        #expect(try idle[0].readToEnd().isEmpty)
        #expect(try busy[0].readToEnd().isEmpty)
        #expect(try idle[1].readToEnd().isEmpty)
        mayAnswer.raise()
        #expect(try busy[1].readResponse().text == "done")
        #expect(try busy[1].readToEnd().isEmpty)
        #expect(try busy[2].readResponse().text == "done")
        #expect(try idle[2].exchange("GET", "/dev/x").status == 200)
        for wire in other { #expect(try wire.exchange("GET", "/dev/x").status == 200) }
        for (index, count) in [2.0, 2, 0].enumerated() {
            let expelled = try gateway.sample(#"postern_connections_expelled_total{endpoint="vpce-\#(index)"}"#)
            #expect(expelled == count)
        }
        let record = try gateway.gateway.record { $0["errorResponseType"] == "CERTIFICATE_INVALIDATED" }
        #expect(record["errorReason"]?.hasPrefix("`CN=bad` was revoked by `CN=Clients`; file") == true, "\(record)")
    }

    @Test("A connection ends with its caller's certificate, and is told of")
    func expiry() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let end = Int(time(nil)) + 4
        let brief = try estate.client("brief") { $0.notAfter = end }
        let wire = try gateway.connect(TLSWish(brief))
        #expect(try wire.exchange("GET", "/dev/x").status == 200)
        try eventually("the certificate ends") { Int(time(nil)) > end }
        #expect(try gateway.ask(TLSWish(brief)).failure == "SSLV3_ALERT_CERTIFICATE_EXPIRED")
        // A reload looks at open connections; so does a clock, every half minute.
        #expect(try gateway.gateway.reloadAndWait(gateway.gateway.configuration).status == 0)
        #expect(try wire.readToEnd().isEmpty)
        let record = try gateway.gateway.record { $0["errorResponseType"] == "CERTIFICATE_INVALIDATED" }
        #expect(record["errorReason"] == "the certificate of `CN=brief` has expired")
    }
}
