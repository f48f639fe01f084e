import Foundation
import TestAuthority
import Testing

@Suite(
    "What an upstream is told of the caller's certificate", .enabled(if: Machine.has("curl"), "curl is not installed"))
struct ForwardedCertificateTests {
    private let authority: UpstreamAuthority
    private let middle: TestCertificate
    private let low: TestCertificate
    private let back: BackEnd
    private let gateway: Gateway

    init() throws {
        authority = try UpstreamAuthority("Clients")
        var recipe = CertificateRecipe.authority(subject: [["CN", "Middle"]], notBefore: 0, notAfter: 4_000_000_000)
        middle = authority.root.issue(recipe)
        recipe.subject = [["CN", "Low"]]
        low = middle.issue(recipe)
        let server = try authority.issue("server", ["IP:127.0.0.1"])
        let back = try BackEnd.echo()
        self.back = back
        let listener = try Listener(
            "vpce-mesh",
            options: "defaultApi: shop, underscoreHeaders: true, tls: {certificates: [{\(server.yaml)}], "
                + "clientCertificate: {trust: [\(authority.trust)], mode: optional}}")
        var configuration = try Configuration(listeners: [listener])
        let route = { (form: String) in "{uri: \"\(back.uri)/\", forwardClientCertificate: \(form)}" }
        configuration.add(
            API("shop", ["ANY /rfc": route("client-cert"), "ANY /envoy": route("xfcc"), "ANY /off": route("off")]))
        gateway = try Gateway(configuration)
    }

    /// What the upstream was sent.
    private func request(_ path: String, as pair: UpstreamAuthority.Pair?, _ fields: [String] = []) throws -> Message {
        var arguments = ["curl", "--silent", "--show-error", "--max-time", "20", "--cacert", authority.trust]
        if let pair { arguments += ["--cert", pair.certificate, "--key", pair.key] }
        arguments += fields.flatMap { ["--header", $0] } + ["https://\(gateway.place())/dev/\(path)"]
        let result = try Child.run(arguments)
        #expect(result.status == 0, "\(result)")
        return try #require(back.requests.last)
    }

    private func caller(_ names: [String] = [], subject: [[String]] = [["CN", "caller"]]) -> TestCertificate {
        var recipe = authority.recipe("", names)
        recipe.subject = subject
        return low.issue(recipe)
    }

    private static func item(_ certificate: TestCertificate) -> String {
        ":\(Data(certificate.der).base64EncodedString()):"
    }

    @Test("RFC 9440: the leaf, then its issuers in their order without the anchor, byte for byte")
    func clientCert() throws {
        let leaf = caller()
        // Out of order and with a stray: what is told is the chain that was verified.
        let pair = try authority.write(leaf, chain: [middle, low, authority.root], as: "caller")
        let request = try request("rfc", as: pair)
        #expect(request["Client-Cert"] == Self.item(leaf))
        #expect(request["Client-Cert-Chain"] == "\(Self.item(low)), \(Self.item(middle))")
        #expect(request["X-Forwarded-Client-Cert"] == nil)

        let direct = authority.root.issue(authority.recipe("direct"))
        let short = try self.request("rfc", as: authority.write(direct, as: "direct"))
        #expect(short["Client-Cert"] == Self.item(direct))
        #expect(short["Client-Cert-Chain"] == nil)
    }

    @Test("`X-Forwarded-Client-Cert` as Envoy writes it: the subject keeps the escapes of RFC 4514")
    func envoy() throws {
        let leaf = caller(
            ["URI:spiffe://prod.example/caller", "DNS:a.internal", "DNS:b.internal"],
            subject: [["O", "Example, Inc."], ["CN", #"the "caller""#]])
        let pair = try authority.write(leaf, chain: [low, middle], as: "caller")
        try Data(leaf.der).write(to: URL(filePath: authority.directory.file("caller.der")))
        let hash = try Child.run(["sha256sum", authority.directory.file("caller.der")]).output.prefix(64)
        let request = try request("envoy", as: pair)
        #expect(
            request["X-Forwarded-Client-Cert"]
                == #"Hash=\#(hash);Subject="CN=the \"caller\",O=Example\, Inc.";"#
                + "URI=spiffe://prod.example/caller;DNS=a.internal;DNS=b.internal")
        #expect(request["Client-Cert"] == nil)
        #expect(request["Client-Cert-Chain"] == nil)
    }

    @Test(
        "Nothing is told without a certificate, nor where a route does not ask for it, and a caller's claims never pass"
    )
    func forged() throws {
        let forged = [
            "Client-Cert", "client-cert-chain", "X-Forwarded-Client-Cert", "Client_Cert", "client_cert_chain",
            "X_Forwarded_Client_Cert", "x-forwarded_client-cert", "X-Forwarded-Client-Cert-Chain",
        ].map { "\($0): :Zm9yZ2Vk:" }
        let pair = try authority.write(caller(), chain: [low, middle], as: "caller")
        for (path, told) in [
            ("rfc", ["client-cert", "client-cert-chain"]), ("envoy", ["x-forwarded-client-cert"]), ("off", []),
        ] {
            for identity in [pair, nil] {
                let request = try request(path, as: identity, forged + ["X-Other: passes", "x_other: passes"])
                let names = request.fields.map { $0.name.lowercased().replacing("_", with: "-") }
                #expect(
                    names.filter { $0.contains("client-cert") } == (identity == nil ? [] : told), "\(path) \(request)")
                #expect(!request.head.contains("Zm9yZ2Vk"), "\(request.head)")
                #expect(names.count { $0 == "x-other" } == 2)
            }
        }
    }

    @Test("A resumed session tells the same certificate as the full handshake before it")
    func resumed() throws {
        let leaf = caller()
        let pair = try authority.write(leaf, chain: [low, middle], as: "caller")
        let program = """
            import socket, ssl, sys
            port, trust, certificate, key, version = sys.argv[1:]
            context = ssl.create_default_context(cafile=trust)
            context.load_cert_chain(certificate, key)
            context.maximum_version = ssl.TLSVersion[version]
            session = None
            for _ in range(2):
                plain = socket.create_connection(("127.0.0.1", int(port)))
                with context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secured:
                    secured.sendall(b"GET /dev/rfc HTTP/1.1\\r\\nHost: shop\\r\\nConnection: close\\r\\n\\r\\n")
                    while secured.recv(65536):
                        pass
                    print(secured.session_reused)
                    session = secured.session
            """
        guard Machine.has("python3") else { return }
        for version in ["TLSv1_2", "TLSv1_3"] {
            let seen = back.requests.count
            let result = try Child.run([
                "python3", "-c", program, "\(gateway.place().port)", authority.trust, pair.certificate, pair.key,
                version,
            ])
            #expect(result.output == "False\nTrue\n", "\(version) \(result)")
            let requests = back.requests.dropFirst(seen)
            #expect(requests.count == 2)
            for request in requests {
                #expect(request["Client-Cert"] == Self.item(leaf))
                #expect(request["Client-Cert-Chain"] == "\(Self.item(low)), \(Self.item(middle))")
            }
        }
    }
}
