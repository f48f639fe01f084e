import Testing

@Suite("Mistakes in TLS settings")
struct TLSMistakeTests {
    /// A `tls:` whose other parts are right.
    private static let certificates = "certificates: [{certificate: c.pem, key: c.key}]"

    @Test(
        "A listener's `tls`",
        arguments: [
            Mistake(
                "{}",
                "2:37: error: `tls` has no `certificates` (add `certificates: [{certificate: tls/mesh.pem, key: tls/mesh.key}]`)",
                "2:37: error: `tls` has no `clientCertificate` (add `clientCertificate: {trust: [tls/clients.pem]}`)"),
            Mistake("on", "2:37: error: `tls` is text (expected a mapping, `key: value`)"),
            Mistake(
                "{certificates: [], clientCertificate: {mode: off}}",
                "2:52: error: `certificates` has 0 entries (expected 1 to 16)"),
            Mistake(
                "{certificates: [{key: c.key}], clientCertificate: {mode: off}}",
                "2:59: error: `key` stands without `certificate` (add `certificate: tls/name.pem`)"),
            Mistake(
                "{certificates: [{}], clientCertificate: {mode: off}}",
                "2:53: error: a certificate has no `certificate` (write `{certificate: tls/mesh.pem, key: tls/mesh.key}`)"
            ),
            Mistake(
                "{certificates: [{certificate: \"pkcs11:object=c\", key: c.key}], clientCertificate: {mode: off}}",
                "2:67: error: `pkcs11:object=c` is a URI of `pkcs11`, which only a key may have (a path, or `credential:name`)"
            ),
            Mistake(
                "{certificates: [{certificate: \"credential:a/b\", key: c.key}], clientCertificate: {mode: off}}",
                "2:67: error: `a/b` is not a credential's name (as in `LoadCredential=`, without `/`)"),
            Mistake(
                "{certificates: [{certificate: c, key: k, chain: x}], clientCertificate: {mode: off}}",
                "2:78: error: unknown key `chain` in a certificate (known keys: `certificate`, `key`)"),
            Mistake(
                "{clientCertficate: {}, \(certificates)}",
                "2:37: error: `tls` has no `clientCertificate` (add `clientCertificate: {trust: [tls/clients.pem]}`)",
                "2:38: error: unknown key `clientCertficate` in `tls` (did you mean `clientCertificate`?)"),
            Mistake(
                "{minimumVersion: 1.1, \(certificates), clientCertificate: {mode: off}}",
                "2:54: error: `1.1` is not a value of `minimumVersion` (did you mean `1.2`?)"),
            Mistake(
                "{handshakesPerSource: -1, \(certificates), clientCertificate: {mode: off}}",
                "2:59: error: `-1` is out of range for `handshakesPerSource` (expected 0 to 1000000)"),
            Mistake(
                "{stapling: {responder: \"https://o/\"}, \(certificates), clientCertificate: {mode: off}}",
                "2:60: error: `https://o/` is not a responder's address (`http://host:port/path`)"),
            Mistake(
                "{tickets: {rotation: 1h}, \(certificates), clientCertificate: {mode: off}}",
                "2:48: error: unknown key `rotation` in `tickets` (known keys: `mode`, `keys`)"),
        ])
    func listener(_ mistake: Mistake) { checkListener(mistake.text, mistake) }

    @Test(
        "`clientCertificate`",
        arguments: [
            Mistake(
                "{}",
                "2:57: error: `clientCertificate` trusts nobody (add `trust: [tls/clients.pem]`, or write `mode: off`)"),
            Mistake("{trust: []}", "2:65: error: `trust` is empty (write `trust: [tls/clients.pem]`)"),
            Mistake("{trust: a.pem}", "2:65: error: `trust` is text, expected a list"),
            Mistake(
                "{mode: must, trust: [a]}",
                "2:64: error: `must` is not a value of `mode` (values: `required`, `optional`, `off`)"),
            Mistake(
                "{mode: off, trust: [a], strict: true}",
                "2:69: error: `trust` has no meaning with `mode: off` (nobody's certificate is asked for)",
                "2:81: error: `strict` has no meaning with `mode: off` (nobody's certificate is asked for)"),
            Mistake("{trust: [a], depth: 11}", "2:77: error: `11` is out of range for `depth` (expected 0 to 10)"),
            Mistake(
                "{trust: [a], minimumStrength: 100}",
                "2:87: error: `100` is not a value of `minimumStrength` (expected 80, 112, 128 or 192)"),
            Mistake("{trust: [a], strict: 1}", "2:78: error: `strict` is a number, expected true or false"),
            Mistake(
                "{trust: [a], crl: {mode: check}}",
                "2:75: error: `crl` has no `files` (add `files: [tls/crl.pem]`, or write `mode: off`)"),
            Mistake(
                "{trust: [a], crl: {file: [x]}}",
                "2:76: error: unknown key `file` in `crl` (did you mean `files`?)"),
            Mistake("{trust: [a], ocsp: {}}", "2:76: error: `ocsp` has no `mode` (add `mode: hard` or `mode: soft`)"),
            Mistake(
                "{trust: [a], ocsp: {mode: hard, timeout: 10ms}}",
                "2:98: error: `10ms` is out of range for `timeout` (expected 50ms to 1m)"),
            Mistake(
                "{trust: [a], ocsp: {mode: hard, responder: \"http://a b/\"}}",
                "2:100: error: `a b` is not a host name (letters, digits, `-`, `.`, `_`)"),
            Mistake(
                "{trust: [a], spiffe: {trustDomains: {d: b}}}",
                "2:58: error: `trust` has no meaning beside `spiffe` (each trust domain has its own bundle)"),
            Mistake(
                "{spiffe: {}}",
                "2:66: error: `spiffe` has no `trustDomains` (add `trustDomains: {prod.example: tls/prod.pem}`)"),
            Mistake(
                "{spiffe: {trustDomains: {Prod: b}}}",
                "2:82: error: `Prod` is not a trust domain (lower-case letters, digits, `.`, `-`, `_`, up to 255)"),
            Mistake("{spiffe: {trustDomains: {d: []}}}", "2:85: error: `d` has no bundle (name a PEM file)"),
            Mistake(
                "{trust: [a], whenInvalid: now}",
                "2:83: error: `now` is not a value of `whenInvalid` (values: `atOnce`, `afterExchange`, `never`)"),
        ])
    func clientCertificate(_ mistake: Mistake) {
        checkListener("{clientCertificate: \(mistake.text), \(Self.certificates)}", mistake)
    }

    @Test(
        "`tls` of an integration",
        arguments: [
            Mistake(
                "{uri: \"http://h/\", tls: {}}",
                "4:35: error: `tls` has a meaning only for `https://`, in stage `dev` it is `http://` (write `uri: https://…` or remove `tls`)"
            ),
            Mistake(
                "{uri: \"https://h/\", tls: {trusts: []}}",
                "4:37: error: unknown key `trusts` in `tls` (did you mean `trust`?)"),
            Mistake(
                "{uri: \"https://h/\", tls: {serverName: \"h:1\"}}",
                "4:49: error: `h:1` is not a server name (a host name or an IP address)"),
            Mistake(
                "{uri: \"https://h/\", tls: {spiffe: \"spiffe://a/b\"}}",
                "4:45: error: `spiffe` stands without `trust` (name the bundle of its trust domain)"),
            Mistake(
                "{uri: \"https://h/\", tls: {trust: [b], spiffe: \"spiffe://a\"}}",
                "4:57: error: `spiffe://a` names a trust domain, not a workload (`spiffe://trust-domain/path`)"),
            Mistake(
                "{uri: \"https://h/\", tls: {trust: [b], spiffe: \"http://a/b\"}}",
                "4:57: error: `http://a/b` is not a SPIFFE ID (`spiffe://trust-domain/path`)"),
            Mistake(
                "{uri: \"https://h/\", tls: {certificate: c}}",
                "4:50: error: `certificate` stands without `key` (add `key: tls/name.pem`)"),
            Mistake(
                "{uri: \"https://h/\", tls: {trust: [b], spiffe: \"spiffe://a/b\", insecureSkipVerification: true}}",
                "4:49: error: `spiffe` has no meaning beside `insecureSkipVerification`"),
            Mistake(
                "{uri: \"https://unix:/s\"}",
                "4:17: error: a socket has no name that its certificate could be checked for (add `tls: {serverName: orders.internal}`)"
            ),
            Mistake(
                "{uri: \"http://h/\", forwardClientCertificate: cert}",
                "4:56: error: `cert` is not a value of `forwardClientCertificate` (values: `off`, `client-cert`, `xfcc`)"
            ),
            Mistake("{type: MOCK, tls: {}}", "4:24: error: `tls` has no meaning for type `MOCK`"),
        ])
    func integration(_ mistake: Mistake) {
        let api = "id: shop\nstages: {dev: {}}\nroutes:\n  GET /a: \(mistake.text)"
        let tree = ConfigurationTree(["postern.yaml": plainProcess, "apis.d/shop.yaml": api])
        #expect(tree.report() == mistake.report.map { "apis.d/shop.yaml:" + $0 })
    }

    @Test("A stage's certificate needs its key, and nothing else stands beside them")
    func stage() {
        let api =
            "id: shop\nstages: {dev: {clientCertificate: {certificate: c, keys: k}}}\nroutes: {GET /: {type: MOCK}}"
        let tree = ConfigurationTree(["postern.yaml": plainProcess, "apis.d/shop.yaml": api])
        #expect(
            tree.report() == [
                "apis.d/shop.yaml:2:49: error: `certificate` stands without `key` (add `key: tls/name.pem`)",
                "apis.d/shop.yaml:2:52: error: unknown key `keys` in `clientCertificate` (did you mean `key`?)",
            ])
    }

    @Test("Skipping verification is warned of")
    func insecure() {
        let api =
            "id: shop\npolicy: allow.json\nstages: {dev: {}}\nroutes:\n  GET /: {uri: \"https://h\", tls: {insecureSkipVerification: true}}"
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/shop.yaml": api, "apis.d/allow.json": allowAll,
        ])
        #expect(
            tree.report() == [
                "apis.d/shop.yaml:5:61: warning: anybody's certificate is accepted from this upstream: its issuer is not checked (write `trust: […]` with the issuer instead)"
            ])
    }

    private func checkListener(_ tls: String, _ mistake: Mistake) {
        let process = "listeners:\n  - {id: vpce-a, unix: /run/a, tls: \(tls)}"
        let tree = ConfigurationTree([
            "postern.yaml": process, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        #expect(tree.report() == mistake.report.map { "postern.yaml:" + $0 })
    }
}
