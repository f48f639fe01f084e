import Foundation
import TestAuthority
import Testing

@Suite(
    "Whom the gateway takes for its upstream",
    .enabled(if: Nginx.isInstalled, "nginx is not installed (package nginx-light)"))
struct UpstreamVerificationTests {
    private static let spiffe = "spiffe://prod.example/orders"

    /// One certificate, what the integration expects, and what it finds wrong; nil: nothing.
    private struct Case {
        let certificate: String
        let tls: String
        let problem: String?
    }

    private let authority: UpstreamAuthority
    private let stranger: UpstreamAuthority

    init() throws {
        authority = try UpstreamAuthority()
        stranger = try UpstreamAuthority("Strangers", in: authority.directory)
    }

    private func certificates() throws -> [String: UpstreamAuthority.Pair] {
        let names = ["DNS:orders.internal"]
        var client = authority.recipe("client", names)
        client.extendedKeyUsage = "clientAuth"
        var workload = authority.recipe("workload", ["URI:\(Self.spiffe)"])
        workload.subject = []
        let intermediate = authority.root.issue(.authority(subject: [["CN", "Middle"]], of: authority.recipe("")))
        return [
            "good": try authority.issue("good", names),
            "chain": try authority.write(
                intermediate.issue(authority.recipe("chain", names)), chain: [intermediate], as: "chain"),
            "incomplete": try authority.write(
                intermediate.issue(authority.recipe("incomplete", names)), as: "incomplete"),
            "address": try authority.issue("address", ["IP:127.0.0.1"]),
            "subject": try authority.issue("orders.internal"),
            "client": try authority.write(authority.root.issue(client), as: "client"),
            "workload": try authority.write(authority.root.issue(workload), as: "workload"),
            "expired": try authority.write(authority.root.issue(authority.expired("expired", names)), as: "expired"),
            "stranger": try stranger.issue("stranger", names),
            "self": try authority.write(TestCertificate(selfSigned: authority.recipe("self", names)), as: "self"),
            "old-self": try authority.write(
                TestCertificate(selfSigned: authority.expired("old-self", names)), as: "old-self"),
        ]
    }

    private var cases: [Case] {
        let name = "serverName: orders.internal, trust: [\(authority.trust)]"
        let other = "serverName: stock.internal, trust: [\(authority.trust)]"
        let any = "serverName: orders.internal, insecureSkipVerification: true"
        let workload = { (id: String) in "spiffe: \(id), trust: [\(authority.trust)]" }
        return [
            Case(certificate: "good", tls: name, problem: nil),
            Case(certificate: "chain", tls: name, problem: nil),
            Case(
                certificate: "incomplete", tls: name,
                problem: "`CN=incomplete` was issued by `CN=Middle`, which is neither in the trust store nor sent along"
            ),
            Case(
                certificate: "good", tls: other,
                problem: "the certificate is not for `stock.internal`, but for `orders.internal`"),
            Case(
                certificate: "subject", tls: name,
                problem: "the certificate is not for `orders.internal`, but for no name at all"),
            // The URI is that of an address: no `serverName` is needed.
            Case(certificate: "address", tls: "trust: [\(authority.trust)]", problem: nil),
            Case(
                certificate: "good", tls: "trust: [\(authority.trust)]",
                problem: "the certificate is not for `127.0.0.1`, but for `orders.internal`"),
            Case(certificate: "client", tls: name, problem: "does not allow it to be used this way"),
            Case(certificate: "expired", tls: name, problem: "`CN=expired` expired "),
            Case(
                certificate: "stranger", tls: name,
                problem: "`CN=stranger` was issued by `CN=Strangers`, which is neither in the trust store"),
            Case(certificate: "self", tls: name, problem: "`CN=self` is self-signed and not in the trust store"),
            Case(certificate: "workload", tls: workload(Self.spiffe), problem: nil),
            Case(
                certificate: "workload", tls: workload("spiffe://prod.example/stock"),
                problem: "the certificate is not for `spiffe://prod.example/stock`, but for `\(Self.spiffe)`"),
            Case(certificate: "good", tls: workload(Self.spiffe), problem: "URI"),
            Case(certificate: "stranger", tls: any, problem: nil),
            Case(certificate: "self", tls: any, problem: nil),
            Case(certificate: "incomplete", tls: any, problem: nil),
            Case(certificate: "old-self", tls: any, problem: "`CN=old-self` expired "),
            Case(certificate: "expired", tls: any, problem: "`CN=expired` expired "),
            Case(certificate: "stranger", tls: "insecureSkipVerification: true", problem: "is not for `127.0.0.1`"),
            Case(certificate: "client", tls: any, problem: "does not allow it to be used this way"),
        ]
    }

    @Test("Each certificate is accepted, or refused with the verifier's own reason", arguments: ["TLSv1.2", "TLSv1.3"])
    func verdicts(version: String) throws {
        var servers: [String] = []
        var places: [String: SocketPlace] = [:]
        for (name, pair) in try certificates() {
            let place = SocketPlace.tcp("127.0.0.1", try FreePort.next())
            places[name] = place
            let listen = Nginx.secured(at: place, pair, protocols: version)
            servers.append("server { \(listen) location / { return 200 \(name); } }")
        }
        let nginx = try Nginx("", servers: servers)
        let cases = self.cases
        var routes: [String: String] = [:]
        for (number, one) in cases.enumerated() {
            routes["GET /\(number)"] = "{uri: https://\(places[one.certificate]!)/, tls: {\(one.tls)}}"
        }
        let gateway = try Gateway(routes)
        gateway.company = [nginx]
        for (number, one) in cases.enumerated() {
            let response = try gateway.get("/dev/\(number)")
            let record = try gateway.record(of: response)
            guard let problem = one.problem else {
                #expect(response.text == one.certificate, "\(one) \(record)")
                continue
            }
            #expect(response.status == 500, "\(one)")
            let reason = record["errorReason"] ?? "none"
            #expect(reason.hasPrefix("tls: certificate_refused: "), "\(one) \(reason)")
            #expect(reason.contains(problem), "\(one) \(reason)")
        }
    }

    @Test("`insecureSkipVerification` is warned of at each load")
    func warns() throws {
        let warning = "anybody's certificate is accepted from this upstream: its issuer is not checked"
        let gateway = try Gateway(["GET /x": "{uri: https://127.0.0.1:9/, tls: {insecureSkipVerification: true}}"])
        let warnings = { gateway.errors.split(separator: "\n").filter { $0.contains(warning) } }
        try eventually("a warning") { warnings().count == 1 }
        let check = try Postern.run("check", "--config", gateway.directory.path)
        #expect(check.status == 0)
        #expect(check.all.contains("warning: \(warning)"), "\(check)")
        try gateway.reloadAndWait(gateway.configuration)
        try eventually("a second warning") { warnings().count == 2 }
    }
}

extension CertificateRecipe {
    fileprivate static func authority(subject: [[String]], of leaf: CertificateRecipe) -> CertificateRecipe {
        .authority(subject: subject, notBefore: leaf.notBefore, notAfter: leaf.notAfter)
    }
}
