import PosternControl
import PosternModel
import Testing

@Suite("Reading TLS settings")
struct TLSDecodingTests {
    private func listener(_ tls: String) throws -> (ListenerTLSConfiguration, directory: String) {
        let tree = ConfigurationTree([
            "postern.yaml": "listeners:\n  - id: vpce-a\n    unix: /run/a\n    tls: \(tls)",
            "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        return (try #require(try tree.load().process.listeners[0].tls), tree.directory)
    }

    @Test("A listener without `tls` is not secured")
    func plain() throws {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        #expect(try tree.load().process.listeners[0].tls == nil)
    }

    @Test("Every default is as documented")
    func defaults() throws {
        let (tls, directory) = try listener(
            "{certificates: [{certificate: c.pem, key: /c.key}], clientCertificate: {trust: [a.d]}}")
        #expect(tls.certificates[0].certificate.place == .path(directory + "/c.pem"))
        #expect(tls.certificates[0].key.place == .path("/c.key"))
        #expect(tls.minimumVersion == .tls12)
        #expect(tls.handshakesPerSource == 100)
        #expect(tls.stapling == StaplingConfiguration())
        #expect(tls.stapling.mode == .off)
        #expect(tls.tickets.mode == .on)
        #expect(tls.tickets.keys == nil)
        let client = tls.clientCertificate
        #expect(client.mode == .required)
        #expect(client.trust.map(\.place) == [.path(directory + "/a.d")])
        #expect(client.depth == 4)
        #expect(client.strict)
        #expect(client.minimumStrength == 112)
        #expect(client.revocationLists.mode == .off)
        #expect(client.ocsp.mode == .off)
        #expect(client.whenInvalid == .afterExchange)
    }

    @Test("Every key is read")
    func everyKey() throws {
        let (tls, directory) = try listener(
            """

                  certificates:
                    - {certificate: "credential:mesh.pem", key: "credential:mesh.key"}
                    - {certificate: ./a:b.pem, key: "pkcs11:token=postern;object=rsa"}
                  minimumVersion: "1.3"
                  clientCertificate:
                    mode: optional
                    depth: 0
                    strict: false
                    minimumStrength: 128
                    crl: {files: [crl.pem], mode: check}
                    ocsp: {mode: soft, responder: "http://[::1]:81/o", timeout: 5s}
                    spiffe: {trustDomains: {prod.example: p.pem, dev.example: [d.pem, e.pem]}}
                    whenInvalid: never
                  stapling: {responder: "http://ocsp.internal"}
                  tickets: {mode: off, keys: t.keys}
                  handshakesPerSource: 0
            """)
        #expect(
            tls.certificates.map(\.certificate.place) == [.credential("mesh.pem"), .path(directory + "/./a:b.pem")])
        #expect(
            tls.certificates.map(\.key.place) == [.credential("mesh.key"), .store("pkcs11:token=postern;object=rsa")])
        #expect(tls.minimumVersion == .tls13)
        let client = tls.clientCertificate
        #expect(client.mode == .optional)
        #expect(client.depth == 0)
        #expect(!client.strict)
        #expect(client.minimumStrength == 128)
        #expect(client.revocationLists.mode == .check)
        #expect(client.revocationLists.files.map(\.place) == [.path(directory + "/crl.pem")])
        #expect(client.ocsp.mode == .soft)
        #expect(client.ocsp.timeoutMilliseconds == 5_000)
        let responder = try #require(client.ocsp.responder)
        #expect(responder.host == "::1" && responder.port == 81 && responder.path == "/o")
        #expect(responder.authority == "[::1]:81")
        #expect(client.trustDomains.map(\.name) == ["prod.example", "dev.example"])
        #expect(client.trustDomains.map(\.bundle.count) == [1, 2])
        #expect(client.whenInvalid == .never)
        #expect(tls.stapling.mode == .auto)
        #expect(tls.stapling.responder?.path == "/")
        #expect(tls.tickets.mode == .off)
        #expect(tls.tickets.keys?.place == .path(directory + "/t.keys"))
        #expect(tls.handshakesPerSource == 0)
    }

    @Test("Lists that are named must be there, unless the mode says otherwise")
    func revocationDefault() throws {
        let (tls, _) = try listener(
            "{certificates: [{certificate: c, key: k}], clientCertificate: {trust: [a], crl: {files: [l]}}}")
        #expect(tls.clientCertificate.revocationLists.mode == .require)
    }

    @Test("The handshake's time limit is read")
    func handshakeTimeout() throws {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess + "\ntimeouts: {handshake: 3s}", "apis.d/shop.yaml": plainAPI,
            "apis.d/allow.json": allowAll,
        ])
        #expect(try tree.load().process.timeouts.handshake == 3_000)
        #expect(TimeoutsConfiguration().handshake == 10_000)
    }

    @Test("An integration's TLS and its stage's certificate reach the plan")
    func upstream() throws {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess,
            "apis.d/shop.yaml": """
            id: shop
            policy: allow.json
            stages:
              dev: {}
              prod: {clientCertificate: {certificate: g.pem, key: g.key}}
            routes:
              GET /a:
                uri: https://orders.internal:8443/order
                tls: {trust: [s.pem], serverName: Orders.Mesh, minimumVersion: 1.3}
                forwardClientCertificate: xfcc
            """, "apis.d/allow.json": allowAll,
        ])
        let plan = try tree.load().plan
        let directory = tree.directory + "/apis.d"
        #expect(plan.targets.map { $0.tls?.expected } == [.name("orders.mesh"), .name("orders.mesh")])
        #expect(plan.targets.map { $0.tls?.minimumVersion } == [.tls13, .tls13])
        #expect(
            plan.targets.map { $0.tls?.trust.map(\.place) } == [
                [.path(directory + "/s.pem")], [.path(directory + "/s.pem")],
            ])
        #expect(plan.targets.map { $0.tls?.keyPair?.key.place } == [nil, .path(directory + "/g.key")])
        guard case .httpProxy(let proxy) = plan.routes[0].integration else { Issue.record("no proxy"); return }
        #expect(proxy.forwardClientCertificate == .xfcc)
    }
}
