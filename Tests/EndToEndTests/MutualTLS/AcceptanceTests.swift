import Foundation
import Testing

@Suite("Callers with certificates")
struct AcceptanceTests {
    @Test("curl with a certificate is served, and the log says who called", arguments: ["1.2", "1.3"])
    func accepted(version: String) throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let caller = try estate.client("orders", names: ["DNS:orders.internal"]) { $0.serial = "4660" }
        let port = gateway.gateway.place().port
        let limit = version == "1.2" ? ["--tls-max", "1.2"] : ["--tlsv1.3"]
        let result = try Child.run(
            [
                "curl", "-sS", "--cacert", estate.directory.file("tls/servers.pem"), "--cert", caller.certificateFile,
                "--key", caller.keyFile, "--resolve", "mesh.internal:\(port):127.0.0.1",
                "https://mesh.internal:\(port)/dev/x",
            ] + limit)
        #expect(result.output == "fine", "\(result)")
        let record = try gateway.gateway.record { $0.number("status") == 200 }
        #expect(record["tlsVersion"] == "TLSv\(version)")
        #expect(record["cipherSuite"]?.contains("GCM") == true)
        #expect(record["clientCertSubjectDN"] == "CN=orders")
        #expect(record["clientCertIssuerDN"] == "CN=Clients")
        #expect(record["clientCertSerialNumber"] == "12:34")
        #expect(!record.flag("tlsResumed"))
        #expect(try gateway.sample(#"postern_tls_handshakes_total{result="full"}"#) == 1)
    }

    @Test("An intermediate that the caller sends along completes its chain")
    func intermediate() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let team = Estate.authority("Team", under: estate.clientAuthority)
        let caller = try estate.client("worker", issuer: team, chain: [team])
        #expect(try gateway.ask(TLSWish(caller)).status == 200)
        let incomplete = try estate.client("worker", issuer: team)
        #expect(try gateway.ask(TLSWish(incomplete)).failure == "TLSV1_ALERT_UNKNOWN_CA")
        _ = try gateway.refusal(containing: "neither in the trust store nor sent along")
    }

    @Test("With `optional` the policy decides, and with `off` nobody is asked")
    func modes() throws {
        let estate = try Estate()
        let condition = #"{"StringLike":{"postern:CertificateSubject":"CN=o*"}}"#
        let policy = Policies.policy(Policies.statement("Allow", condition))
        let gateway = try estate.gateway(
            estate.configuration(
                Estate.tls("mode: optional, trust: [tls/clients.pem]"), Estate.tls("mode: off"), policy: policy))
        let (orders, carts) = (try estate.client("orders"), try estate.client("carts"))
        for version in ["1.2", "1.3"] {
            #expect(try gateway.ask(TLSWish(orders, version: version)).status == 200)
            #expect(try gateway.ask(TLSWish(carts, version: version)).status == 403)
            #expect(try gateway.ask(TLSWish(version: version)).status == 403)
            // What is presented must be good all the same.
            let stranger = try estate.client("orders", issuer: Estate.authority("Clients"))
            #expect(!(try gateway.ask(TLSWish(stranger, version: version)).failure.isEmpty))
            // A certificate that nobody asked for is none.
            #expect(try gateway.ask(TLSWish(orders, version: version), by: "vpce-1").status == 403)
        }
        let record = try gateway.gateway.record { $0["vpceId"] == "vpce-1" && $0.number("status") == 403 }
        #expect(record["clientCertSubjectDN"] == nil && record["tlsVersion"] != nil)
    }

    @Test("A caller gets the certificate of the name it asks for, anybody else the first")
    func serverNames() throws {
        let estate = try Estate()
        try estate.server("shop", names: ["DNS:shop.internal", "DNS:*.shops.internal"])
        try estate.server("shop-rsa", names: ["DNS:shop.internal"]) { $0.key = .rsa2048 }
        let files = ["mesh", "shop", "shop-rsa"].map { "{certificate: tls/\($0).pem, key: tls/\($0).key}" }
        let gateway = try estate.gateway(
            estate.configuration(
                "tls: {certificates: [\(files.joined(separator: ", "))], clientCertificate: {mode: off}}"))
        for (name, subject) in [
            ("mesh.internal", "mesh"), ("shop.internal", "shop"), ("SHOP.internal", "shop"),
            ("a.shops.internal", "shop"),
            ("a.b.shops.internal", "mesh"), ("elsewhere.internal", "mesh"), (nil, "mesh"),
        ] {
            var wish = TLSWish()
            wish.name = name
            let outcome = try gateway.ask(wish)
            #expect(outcome.status == 200)
            let expected = FileManager.default.contents(atPath: estate.directory.file("tls/\(subject).pem")) ?? Data()
            #expect(
                String(decoding: expected, as: UTF8.self).hasPrefix(outcome.certificate ?? "none"),
                "\(name ?? "nobody")")
        }
        // A caller that can only check RSA signatures is shown the certificate of that kind.
        let place = gateway.gateway.place()
        let shown = try OpenSSL.client(place, ["-servername", "shop.internal", "-tls1_2", "-cipher", "aRSA"])
        #expect(shown.contains("CN = shop-rsa"), "\(shown)")
    }

    @Test("TLS on a Unix socket, and behind a PROXY header")
    func places() throws {
        let estate = try Estate()
        let path = estate.directory.file("mesh.sock")
        var configuration = try estate.configuration(Estate.tls())
        configuration.listeners = [
            Listener("vpce-local", at: .unix(path), "unix: \(path)", "defaultApi: shop, \(Estate.tls())"),
            try Listener(
                "vpce-lb", options: "defaultApi: shop, proxyProtocol: {from: [127.0.0.1/32]}, \(Estate.tls())"),
        ]
        let gateway = try estate.gateway(configuration)
        let caller = try estate.client()
        #expect(try gateway.ask(TLSWish(caller), by: "vpce-local").status == 200)
        #expect(try gateway.gateway.record { $0["vpceId"] == "vpce-local" }["clientCertSubjectDN"] == "CN=client")

        for (piece, preface) in [
            (0, "PROXY TCP4 10.1.2.3 10.9.9.9 12345 443\r\n"), (1, "PROXY TCP4 10.1.2.4 10.9.9.9 12345 443\r\n"),
        ] {
            var wish = TLSWish(caller)
            (wish.preface, wish.piece) = (preface, piece)
            #expect(try gateway.ask(wish, by: "vpce-lb").status == 200)
        }
        #expect(try gateway.gateway.record { $0["sourceIp"] == "10.1.2.4" }.number("sourcePort") == 12345)
        // TLS without the header is no header.
        #expect(!(try gateway.ask(TLSWish(caller), by: "vpce-lb").failure.isEmpty))
        _ = try gateway.gateway.record { $0["errorResponseType"] == "PROXY_HEADER" }

        let port = gateway.gateway.place("vpce-lb").port
        let curl = try Child.run([
            "curl", "-sS", "--haproxy-protocol", "--cacert", estate.directory.file("tls/servers.pem"), "--cert",
            caller.certificateFile, "--key", caller.keyFile, "--resolve", "mesh.internal:\(port):127.0.0.1",
            "https://mesh.internal:\(port)/dev/x",
        ])
        #expect(curl.output == "fine", "\(curl)")
    }

    @Test("The identity of a certificate fills principals and keys of policies, and `postern explain` shows it")
    func identity() throws {
        let estate = try Estate()
        func allow(_ resource: String, _ condition: String, principal: String = #""*""#) -> String {
            #"{"Effect":"Allow","Principal":\#(principal),"Action":"execute-api:Invoke","#
                + #""Resource":"execute-api:/dev/GET/\#(resource)","Condition":\#(condition)}"#
        }
        let caller = try estate.client(
            "orders",
            names: ["DNS:orders.internal", "DNS:o.internal", "URI:spiffe://prod.example/ns/shop/orders"]
        ) { $0.serial = "4660" }
        let spiffe = "spiffe://prod.example/ns/shop/*"
        let policy = Policies.policy(
            allow("principal", "{}", principal: #"{"SPIFFE":"\#(spiffe)"}"#),
            allow("spiffe", #"{"StringLike":{"postern:CertificateSpiffeId":"\#(spiffe)"}}"#),
            allow("subject", #"{"StringEquals":{"postern:CertificateSubject":"CN=orders"}}"#),
            allow("issuer", #"{"StringEquals":{"postern:CertificateIssuer":"CN=Clients"}}"#),
            allow("dns", #"{"ForAnyValue:StringEquals":{"postern:CertificateSanDns":"o.internal"}}"#),
            allow("uri", #"{"ForAnyValue:StringLike":{"postern:CertificateSanUri":"spiffe://prod.example/*"}}"#),
            allow("until", #"{"DateGreaterThan":{"postern:CertificateNotAfter":"2026-01-01T00:00:00Z"}}"#),
            allow("other", #"{"StringLike":{"postern:CertificateSpiffeId":"spiffe://other.example/*"}}"#))
        let names = ["principal", "spiffe", "subject", "issuer", "dns", "uri", "until", "other"]
        let routes = Dictionary(uniqueKeysWithValues: names.map { ("GET /\($0)", "{type: MOCK}") })
        let gateway = try estate.gateway(estate.configuration(Estate.tls(), policy: policy, routes: routes))
        let wire = try gateway.connect(TLSWish(caller))
        for name in names.dropLast() { #expect(try wire.exchange("GET", "/dev/\(name)").status == 200, "\(name)") }
        let refused = try wire.exchange("GET", "/dev/other")
        #expect(refused.status == 403)
        let record = try gateway.gateway.record(of: refused)
        #expect(record["spiffeId"] == "spiffe://prod.example/ns/shop/orders")
        #expect(record["policyValue"]?.contains("spiffe://prod.example/ns/shop/orders") == true, "\(record)")
        let explained = try Postern.run(
            "explain", refused["x-amzn-RequestId"] ?? "", "--admin", estate.directory.file("admin.sock"))
        let line = "certificate CN=orders, spiffe://prod.example/ns/shop/orders, issued by CN=Clients, serial "
        #expect(explained.output.contains(line), "\(explained)")
    }
}
