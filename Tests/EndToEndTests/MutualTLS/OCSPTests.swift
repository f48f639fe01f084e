import Foundation
import TestAuthority
import Testing

@Suite("OCSP responders")
struct OCSPTests {
    private func tls(_ ocsp: String) -> String { Estate.tls("trust: [tls/clients.pem], ocsp: {\(ocsp)}") }

    private func statuses(_ gateway: SecureGateway, _ status: String) throws -> Double {
        try gateway.sample(#"postern_ocsp_statuses_total{status="\#(status)"}"#) ?? -1
    }

    @Test("A real responder's good, revoked and unknown decide as the mode says, and answers are kept")
    func answers() throws {
        let estate = try Estate()
        let port = try FreePort.next()
        let responder = try OCSPResponder(
            for: estate.clientAuthority, signer: Estate.answerer(of: estate.clientAuthority),
            known: [("2001", .good), ("2002", .revoked)], port: port)
        let gateway = try estate.gateway(
            estate.configuration(tls("mode: hard, scope: leaf"), tls("mode: soft, scope: leaf"), tls("mode: off")))
        let good = try estate.client("good", serial: 0x2001, responder: responder.url)
        let revoked = try estate.client("revoked", serial: 0x2002, responder: responder.url)
        let unknown = try estate.client("unknown", serial: 0x2003, responder: responder.url)
        let silent = try estate.client("silent")
        let (gone, doubtful) = ("SSLV3_ALERT_CERTIFICATE_REVOKED", "SSLV3_ALERT_CERTIFICATE_UNKNOWN")
        for (listener, version) in [("vpce-0", "1.2"), ("vpce-0", "1.3"), ("vpce-1", "1.2"), ("vpce-1", "1.3")] {
            let isHard = listener == "vpce-0"
            func failure(_ caller: EstateIdentity) throws -> String {
                try gateway.ask(TLSWish(caller, version: version), by: listener).failure
            }
            #expect(try failure(good) == "")
            #expect(try failure(revoked) == gone)
            #expect(try failure(unknown) == (isHard ? doubtful : ""))
            #expect(try failure(silent) == (isHard ? doubtful : ""))
        }
        #expect(try gateway.ask(TLSWish(revoked), by: "vpce-2").status == 200)
        let reasons = [
            "`CN=revoked` was revoked at 2026-01-01T00:00:00Z (keyCompromise)",
            "the responder does not know `CN=unknown`",
            "nobody tells whether `CN=silent` was revoked: `CN=silent` names no responder",
        ]
        for reason in reasons { _ = try gateway.refusal(containing: reason) }
        // One question each, however many handshakes.
        #expect(try statuses(gateway, "good") == 1)
        #expect(try statuses(gateway, "revoked") == 1)
        #expect(try statuses(gateway, "unknown") == 1)
        #expect(try statuses(gateway, "remembered") >= 8)
    }

    @Test("A responder that is not there refuses with `hard` and admits with `soft`")
    func down() throws {
        let estate = try Estate()
        let nobody = "http://127.0.0.1:\(try FreePort.next())"
        let gateway = try estate.gateway(
            estate.configuration(
                tls("mode: hard, responder: \(nobody), scope: leaf"),
                tls("mode: soft, responder: \(nobody), scope: leaf")))
        let caller = try estate.client()
        #expect(try gateway.ask(TLSWish(caller)).failure == "SSLV3_ALERT_CERTIFICATE_UNKNOWN")
        let record = try gateway.refusal(containing: "nobody tells whether `CN=client` was revoked: ")
        #expect(record["errorReason"]?.contains(nobody) == true, "\(record)")
        #expect(try gateway.ask(TLSWish(caller), by: "vpce-1").status == 200)
        #expect(try statuses(gateway, "unavailable") >= 1)
    }

    @Test("While a responder hangs other callers are served by the same loop, and the handshake ends in time")
    func hanging() throws {
        let silent = try BackEnd { connection in try connection.waitForEnd() }
        let estate = try Estate()
        let gateway = try estate.gateway(
            estate.configuration(
                tls("mode: hard, responder: \"\(silent.uri)\", timeout: 10s, scope: leaf"), Estate.tls(),
                tls("mode: hard, responder: \"\(silent.uri)\", timeout: 100ms, scope: leaf")))
        let caller = try estate.client()
        let served = try gateway.connect(TLSWish(caller), by: "vpce-1")
        #expect(try served.exchange("GET", "/dev/x").status == 200)
        // Its own process: this thread goes on while that one waits.
        let waiting = Flag()
        let ended = Flag()
        let (client, place) = (gateway.client, gateway.gateway.place())
        inBackground {
            waiting.raise()
            _ = try? client.open(place, TLSWish(caller, version: "1.2"))
            ended.raise()
        }
        try waiting.wait()
        try eventually("the responder is asked") { silent.accepted == 1 }
        for _ in 0..<3 {
            #expect(try served.exchange("GET", "/dev/x").status == 200)
            #expect(try gateway.ask(TLSWish(caller), by: "vpce-1").status == 200)
        }
        #expect(!ended.isRaised)
        silent.stop()
        try ended.wait()
        // One that answers nothing is not waited for beyond its time.
        let another = try estate.client("another")
        #expect(try gateway.ask(TLSWish(another), by: "vpce-2").failure == "SSLV3_ALERT_CERTIFICATE_UNKNOWN")
    }

    @Test("A handshake that is under way when a list comes gets no further than a connection that was open")
    func late() throws {
        let silent = try BackEnd { connection in try connection.waitForEnd() }
        let estate = try Estate()
        try estate.revoke([])
        let gateway = try estate.gateway(
            estate.configuration(
                Estate.tls(
                    "trust: [tls/clients.pem], crl: {files: [tls/clients.crl]}, "
                        + "ocsp: {mode: soft, responder: \"\(silent.uri)\", timeout: 1m, scope: leaf}")))
        let (good, bad) = (try estate.client("good"), try estate.client("bad"))
        let outcomes = Notes()
        let (client, place) = (gateway.client, gateway.gateway.place())
        for caller in [good, bad] {
            inBackground {
                let request = "GET /dev/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                let outcome = try? client.open(place, TLSWish(caller), request: request).outcome
                outcomes.add("\(caller.certificate === good.certificate ? "good" : "bad") \(outcome?.status ?? 0)")
            }
        }
        try eventually("both are asked about") { silent.accepted == 2 }
        try estate.revoke([bad.certificate], number: 2)
        try gateway.untilChanged()
        #expect(outcomes.all.isEmpty)
        silent.stop()
        try eventually("both have ended") { outcomes.all.count == 2 }
        #expect(outcomes.all.sorted() == ["bad -1", "good 200"])
        let record = try gateway.gateway.record { $0["errorResponseType"] == "CERTIFICATE_INVALIDATED" }
        #expect(record["errorReason"]?.hasPrefix("`CN=bad` was revoked by `CN=Clients`; file") == true, "\(record)")
    }

    @Test("A session is resumed on an answer that is kept", arguments: ["1.2", "1.3"])
    func resumed(version: String) throws {
        let estate = try Estate()
        let responder = try OCSPResponder(
            for: estate.clientAuthority, signer: Estate.answerer(of: estate.clientAuthority), known: [("2001", .good)],
            port: try FreePort.next())
        let gateway = try estate.gateway(estate.configuration(tls("mode: hard, scope: leaf")))
        var wish = TLSWish(try estate.client("good", serial: 0x2001, responder: responder.url), version: version)
        wish.session = "a"
        for isResumed in [false, true] {
            let outcome = try gateway.ask(wish)
            #expect(outcome.status == 200 && outcome.isResumed == isResumed, "\(outcome)")
        }
        #expect(try statuses(gateway, "good") == 1)
    }

    @Test("Our own certificate shows its OCSP response to those who ask, and `postern certs` shows it")
    func stapling() throws {
        let estate = try Estate()
        let port = try FreePort.next()
        let responder = try OCSPResponder(
            for: estate.serverAuthority, signer: estate.serverAuthority, known: [("3001", .good)], port: port)
        try estate.server("mesh", names: ["DNS:mesh.internal"]) {
            $0.serial = "\(0x3001)"
            $0.extensions = [["authorityInfoAccess", "OCSP;URI:\(responder.url)"]]
        }
        let gateway = try estate.gateway(
            estate.configuration(Estate.tls("mode: off", "stapling: {mode: auto}"), Estate.tls("mode: off")))
        try eventually("the response has come") { try gateway.certs().output.contains("OCSP response good until 20") }
        for version in ["-tls1_2", "-tls1_3"] {
            let shown = try OpenSSL.client(gateway.gateway.place(), ["-status", version])
            #expect(
                shown.contains("OCSP Response Status: successful") && shown.contains("Cert Status: good"), "\(shown)")
            let without = try OpenSSL.client(gateway.gateway.place("vpce-1"), ["-status", version])
            #expect(without.contains("OCSP response: no response sent"), "\(without)")
        }
        let metrics = try gateway.metrics()
        let line = metrics.split(separator: "\n").first { $0.hasPrefix("postern_tls_staple_expiry_timestamp_seconds{") }
        #expect(line?.contains(#"name="vpce-0""#) == true && line?.hasSuffix(" 0") == false, "\(line ?? "none")")
    }
}
