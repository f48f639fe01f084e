import Foundation
import TestAuthority
import Testing

@Suite("Handshakes that are refused")
struct RefusalTests {
    /// A caller, the alert that it hears as OpenSSL calls it, and what the log says.
    private struct Case {
        let alert: String
        let number: Int
        let reason: String
        let caller: EstateIdentity
        var listener = "vpce-0"
        var isWeak = false
    }

    private func cases(_ estate: Estate, revoked: EstateIdentity) throws -> [Case] {
        let stranger = Estate.authority("Strangers")
        let deep = (1...5).reduce(into: [Estate.authority("Level 0", under: estate.clientAuthority)]) { chain, level in
            chain.append(Estate.authority("Level \(level)", under: chain.last!))
        }
        let flat = Estate.authority("Flat", under: estate.clientAuthority) { $0.pathLength = 0 }
        let below = Estate.authority("Below", under: flat)
        let fenced = Estate.authority("Fenced", under: estate.clientAuthority) {
            $0.nameConstraints = "critical,permitted;DNS:.inside.example"
        }
        let late = Estate.authority("Late", under: estate.clientAuthority) { $0.notAfter = Estate.now - 60 }
        return [
            Case(
                alert: "TLSV1_ALERT_UNKNOWN_CA", number: 48,
                reason:
                    "`CN=stranger` was issued by `CN=Strangers`, which is neither in the trust store nor sent along",
                caller: try estate.client("stranger", issuer: stranger)),
            Case(
                alert: "TLSV1_ALERT_UNKNOWN_CA", number: 48,
                reason: "the chain ends in the self-signed `CN=Strangers`, which is not in the trust store",
                caller: try estate.client("along", issuer: stranger, chain: [stranger])),
            Case(
                alert: "TLSV1_ALERT_UNKNOWN_CA", number: 48,
                reason: "`CN=alone` is self-signed and not in the trust store",
                caller: try estate.save(TestCertificate(selfSigned: Estate.leaf("alone")), as: "callers/alone")),
            Case(
                alert: "TLSV1_ALERT_UNKNOWN_CA", number: 48,
                reason: "the chain has more intermediate certificates than are allowed",
                caller: try estate.client("deep", issuer: deep.last!, chain: deep.reversed())),
            Case(
                alert: "TLSV1_ALERT_UNKNOWN_CA", number: 48, reason: "pathLenConstraint of",
                caller: try estate.client("low", issuer: below, chain: [below, flat])),
            Case(
                alert: "SSLV3_ALERT_CERTIFICATE_EXPIRED", number: 45, reason: "`CN=old` expired 20",
                caller: try estate.client("old") { $0.notAfter = Estate.now - 60 }),
            Case(
                alert: "SSLV3_ALERT_CERTIFICATE_EXPIRED", number: 45, reason: "`CN=Late` expired 20",
                caller: try estate.client("under late", issuer: late, chain: [late])),
            Case(
                alert: "SSLV3_ALERT_BAD_CERTIFICATE", number: 42, reason: "`CN=young` is not valid before 20",
                caller: try estate.client("young") { $0.notBefore = Estate.now + Estate.day }),
            Case(
                alert: "SSLV3_ALERT_CERTIFICATE_REVOKED", number: 44,
                reason: "`CN=gone` was revoked by `CN=Clients`; file",
                caller: revoked, listener: "vpce-1"),
            Case(
                alert: "SSLV3_ALERT_BAD_CERTIFICATE", number: 42, reason: "the key of `CN=small` is too weak",
                caller: try estate.client("small") { $0.key = .rsa1024 }, isWeak: true),
            Case(
                alert: "SSLV3_ALERT_BAD_CERTIFICATE", number: 42,
                reason: "a name of `CN=outside` is outside of what an authority above it may sign",
                caller: try estate.client("outside", names: ["DNS:a.outside.example"], issuer: fenced, chain: [fenced])),
            Case(
                alert: "SSLV3_ALERT_BAD_CERTIFICATE", number: 42, reason: "the signature of `CN=forged` is not that of",
                caller: try estate.client("forged") { $0.isSignatureBroken = true }),
            Case(
                alert: "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", number: 43,
                reason: "extendedKeyUsage of `CN=server` does not allow it",
                caller: try estate.client("server") { $0.extendedKeyUsage = "serverAuth" }),
            Case(
                alert: "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", number: 43,
                reason: "`CN=odd` has a critical extension that is not understood",
                caller: try estate.client("odd") { $0.extensions = [["1.2.3.4", "critical,ASN1:UTF8String:x"]] }),
        ]
    }

    @Test("Each reason has its alert, its words in the log and its place in the metrics, in both versions")
    func reasons() throws {
        let estate = try Estate()
        let revoked = try estate.client("gone")
        try estate.revoke([revoked.certificate])
        let lists = Estate.tls("trust: [tls/clients.pem], crl: {files: [tls/clients.crl]}")
        let gateway = try estate.gateway(estate.configuration(Estate.tls(), lists))
        let cases = try cases(estate, revoked: revoked)
        for version in ["1.2", "1.3"] {
            for one in cases {
                var wish = TLSWish(one.caller, version: version)
                wish.isWeak = one.isWeak
                #expect(try gateway.ask(wish, by: one.listener).failure == one.alert, "\(one.reason), TLS \(version)")
            }
        }
        for one in cases {
            let record = try gateway.refusal(by: one.listener, containing: one.reason)
            #expect(record["errorResponseType"] == "TLS_HANDSHAKE")
            #expect(record["errorReason"]?.hasPrefix("certificate_refused: ") == true)
            #expect(record["sourceIp"] == "127.0.0.1" && record.number("sourcePort") != nil)
        }
        let counted = #"postern_tls_handshakes_total{result="certificate_refused"}"#
        #expect(try gateway.sample(counted) == Double(2 * cases.count))
        // As another client sees it.
        for one in [cases[0], cases[5], cases[8]] {
            let place = gateway.gateway.place(one.listener)
            for version in ["-tls1_2", "-tls1_3"] {
                let text = try OpenSSL.client(
                    place, OpenSSL.present(one.caller) + [version], asking: #"GET / HTTP/1.0\r\n\r\n"#)
                #expect(text.contains("SSL alert number \(one.number)"), "\(text)")
            }
        }
        #expect(try gateway.ask(TLSWish(try estate.client())).status == 200)
    }

    @Test(
        "Without a certificate: certificate_required in TLS 1.3, handshake_failure in TLS 1.2, which has no such alert")
    func missing() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        #expect(try gateway.ask(TLSWish(version: "1.3")).failure == "TLSV13_ALERT_CERTIFICATE_REQUIRED")
        #expect(try gateway.ask(TLSWish(version: "1.2")).failure == "SSLV3_ALERT_HANDSHAKE_FAILURE")
        _ = try gateway.refusal(containing: "certificate_missing: ")
        #expect(try gateway.sample(#"postern_tls_handshakes_total{result="certificate_missing"}"#) == 2)
    }

    @Test(
        "A key below the listener's strength is refused where others let it pass",
        arguments: [("128", false), ("112", true)])
    func strength(bits: String, isLetIn: Bool) throws {
        let estate = try Estate()
        let gateway = try estate.gateway(
            estate.configuration(Estate.tls("trust: [tls/clients.pem], minimumStrength: \(bits)")))
        let outcome = try gateway.ask(TLSWish(try estate.client("rsa") { $0.key = .rsa2048 }))
        #expect(outcome.failure == (isLetIn ? "" : "SSLV3_ALERT_BAD_CERTIFICATE"))
        if !isLetIn { _ = try gateway.refusal(containing: "the key of `CN=rsa` is too weak") }
        #expect(try gateway.ask(TLSWish(try estate.client("ec"))).status == 200)
    }

    @Test("`strict: false` forgives what estates with old authorities have")
    func strict() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(
            estate.configuration(Estate.tls(), Estate.tls("trust: [tls/clients.pem], strict: false")))
        let caller = try estate.client("bare") { $0.hasKeyIdentifiers = false }
        #expect(try gateway.ask(TLSWish(caller)).failure == "SSLV3_ALERT_BAD_CERTIFICATE")
        _ = try gateway.refusal(containing: "`CN=bare` has no authorityKeyIdentifier")
        #expect(try gateway.ask(TLSWish(caller), by: "vpce-1").status == 200)
    }

    @Test("A caller that speaks no TLS 1.3 where it is the least is told the version")
    func version() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls("mode: off", #"minimumVersion: "1.3""#)))
        #expect(try gateway.ask(TLSWish(version: "1.2")).failure == "TLSV1_ALERT_PROTOCOL_VERSION")
        #expect(try gateway.ask(TLSWish(version: "1.3")).status == 200)
        _ = try gateway.refusal(containing: "no_shared_version: ")
        #expect(try gateway.sample(#"postern_tls_handshakes_total{result="no_shared_version"}"#) == 1)
    }

    @Test("A caller that offers other application protocols only is refused, one that offers none is not")
    func applicationProtocols() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls("mode: off")))
        for version in ["-tls1_2", "-tls1_3"] {
            let text = try OpenSSL.client(gateway.gateway.place(), ["-alpn", "h2", version])
            #expect(text.contains("SSL alert number 120"), "\(text)")
        }
        var wish = TLSWish()
        wish.protocols = ["h2"]
        #expect(try !gateway.ask(wish).failure.isEmpty)
        _ = try gateway.refusal(containing: "no_application_protocol: ")
        wish.protocols = ["h2", "http/1.1"]
        #expect(try gateway.ask(wish).protocol == "http/1.1")
        wish.protocols = []
        #expect(try gateway.ask(wish).protocol == "")
    }

    @Test("Plain HTTP on a TLS port is answered with 400, other bytes with an alert or nothing")
    func plain() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let place = gateway.gateway.place()
        let curl = try Child.run(["curl", "-sS", "-w", "%{http_code}", "http://\(place)/dev/x"])
        #expect(curl.output == #"{"message":"This port speaks TLS; use https instead of http."}400"#)
        _ = try gateway.refusal(containing: "plain_http: ")
        #expect(try gateway.sample(#"postern_tls_handshakes_total{result="plain_http"}"#) == 1)
        let wire = try Wire(to: place)
        try wire.send([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        let answer = try wire.readToEnd()
        #expect(answer.isEmpty || answer[0] == 21)
        _ = try gateway.refusal(containing: "not_tls: ")
    }
}
