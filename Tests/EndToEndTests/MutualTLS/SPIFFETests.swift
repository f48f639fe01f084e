import Foundation
import TestAuthority
import Testing

@Suite("Callers that are X.509-SVIDs")
struct SPIFFETests {
    private let estate: Estate
    private let gateway: SecureGateway
    private let partner: TestCertificate

    init() throws {
        estate = try Estate()
        partner = Estate.authority("Partner")
        try estate.write(partner.pem, to: "tls/partner.pem")
        let domains = "spiffe: {trustDomains: {prod.example: tls/clients.pem, partner.example: [tls/partner.pem]}}"
        let principals = #"{"SPIFFE":["spiffe://prod.example/ns/shop/*","spiffe://partner.example/pay"]}"#
        let policy = Policies.policy(
            #"{"Effect":"Allow","Principal":\#(principals),"Action":"execute-api:Invoke","Resource":"execute-api:/*"}"#)
        gateway = try estate.gateway(estate.configuration(Estate.tls(domains), policy: policy))
    }

    @Test("Workloads of each domain are known by its own bundle, and the policy names them")
    func accepted() throws {
        let orders = try estate.client(names: ["URI:spiffe://prod.example/ns/shop/orders"])
        let pay = try estate.client(names: ["URI:spiffe://partner.example/pay"], issuer: partner)
        let other = try estate.client(names: ["URI:spiffe://prod.example/ns/other/orders"])
        for version in ["1.2", "1.3"] {
            #expect(try gateway.ask(TLSWish(orders, version: version)).status == 200)
            #expect(try gateway.ask(TLSWish(pay, version: version)).status == 200)
            #expect(try gateway.ask(TLSWish(other, version: version)).status == 403)
        }
        _ = try gateway.gateway.record { $0["spiffeId"] == "spiffe://partner.example/pay" }
        let listed = try gateway.certs().output
        #expect(listed.contains("CN=Partner for partner.example, "), "\(listed)")
        #expect(listed.contains("CN=Clients for prod.example, "), "\(listed)")
    }

    @Test("One domain's authority cannot name a workload of another, and each rule has its alert and words")
    func refused() throws {
        let id = "URI:spiffe://prod.example/ns/shop/orders"
        let signer = Estate.authority("Signer", under: estate.clientAuthority) {
            $0.names = ["URI:spiffe://partner.example"]
        }
        let cases: [(caller: EstateIdentity, alert: String, reason: String)] = [
            (
                try estate.client("foreign", names: [id], issuer: partner), "TLSV1_ALERT_UNKNOWN_CA",
                "`CN=foreign` was issued by `CN=Partner`"
            ),
            (
                try estate.client("nowhere", names: ["URI:spiffe://nowhere.example/x"]), "TLSV1_ALERT_UNKNOWN_CA",
                "no bundle for the trust domain of `spiffe://nowhere.example/x` is configured"
            ),
            (
                try estate.client("nameless", names: ["DNS:a.example"]), "SSLV3_ALERT_BAD_CERTIFICATE",
                "`CN=nameless` is no X.509-SVID: no URI among its names"
            ),
            (
                try estate.client("double", names: [id, "URI:spiffe://prod.example/b"]), "SSLV3_ALERT_BAD_CERTIFICATE",
                "`CN=double` is no X.509-SVID: 2 URIs among its names"
            ),
            (
                try estate.client("whole", names: ["URI:spiffe://prod.example"]), "SSLV3_ALERT_BAD_CERTIFICATE",
                "names a trust domain, not a workload in it"
            ),
            (
                try estate.client("web", names: ["URI:https://prod.example/x"]), "SSLV3_ALERT_BAD_CERTIFICATE",
                "`CN=web` is no X.509-SVID: "
            ),
            (
                try estate.client("silent", names: [id]) { $0.keyUsage = nil }, "SSLV3_ALERT_BAD_CERTIFICATE",
                "`CN=silent` is no X.509-SVID: no keyUsage"
            ),
            (
                try estate.client("misled", names: [id], issuer: signer, chain: [signer]),
                "SSLV3_ALERT_BAD_CERTIFICATE",
                "`CN=Signer` may not sign X.509-SVIDs: it belongs to trust domain `partner.example`, not `prod.example`"
            ),
        ]
        for one in cases {
            for version in ["1.2", "1.3"] {
                #expect(try gateway.ask(TLSWish(one.caller, version: version)).failure == one.alert, "\(one.reason)")
            }
            _ = try gateway.refusal(containing: one.reason)
        }
    }
}
