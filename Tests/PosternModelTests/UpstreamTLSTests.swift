import PosternModel
import PosternPolicy
import Testing

@Suite("TLS to upstreams")
struct UpstreamTLSTests {
    private let pair = KeyPairSource(
        certificate: MaterialSource(.path("/c.pem"), at: here), key: MaterialSource(.path("/c.key"), at: here))

    /// The profile of the first target of one route with this URI and declaration.
    private func profile(
        _ uri: String, targets: [String] = [], stage: KeyPairSource? = nil,
        _ change: (inout UpstreamTLSDeclaration) -> Void = { _ in }
    ) throws -> UpstreamTLSProfile? {
        let planned = try plan(uri, targets: targets, stage: stage, change)
        return try #require(planned.targets.first).tls
    }

    private func plan(
        _ uri: String, targets: [String] = [], stage: KeyPairSource? = nil,
        _ change: (inout UpstreamTLSDeclaration) -> Void
    ) throws -> Plan {
        var declared = api("shop", [try route("GET /", uri: uri, targets: targets)])
        guard case .httpProxy(var proxy) = declared.routes[0].integration else { throw DeclarationProblem("no proxy") }
        var tls = UpstreamTLSDeclaration(position: position(9))
        change(&tls)
        proxy.tls = uri.hasPrefix("https") ? tls : nil
        declared.routes[0].integration = .httpProxy(proxy)
        declared.stages[0].clientCertificate = stage
        return try PlanCompiler.compile([declared], generation: 1)
    }

    @Test("http has no profile")
    func plain() throws {
        #expect(try profile("http://h/", stage: pair) == nil)
    }

    @Test("https expects the URI's host, as a name or as an address, and the system's store")
    func defaults() throws {
        #expect(try profile("https://Orders.internal.:8443/") == UpstreamTLSProfile(expected: .name("orders.internal")))
        let address = try #require(IPAddress("::1"))
        #expect(try profile("https://[::1]/") == UpstreamTLSProfile(expected: .address(address)))
        #expect(UpstreamIdentity.address(address).serverName == nil)
    }

    @Test("Targets beside the URI are checked for the URI's host")
    func spread() throws {
        let plan = try plan("https://orders/", targets: ["10.0.0.1:1", "unix:/run/o.sock"]) { _ in }
        #expect(plan.targets.map(\.description) == ["10.0.0.1:1", "unix:/run/o.sock"])
        #expect(plan.targets.allSatisfy { $0.tls?.expected == .name("orders") })
    }

    @Test("A declared server name goes before the host, a SPIFFE ID before both")
    func expectations() throws {
        #expect(try profile("https://10.0.0.1/") { $0.serverName = "o.internal" }?.expected == .name("o.internal"))
        let id = "spiffe://prod.example/orders"
        #expect(try profile("https://o/") { $0.spiffeID = id }?.expected == .spiffe(id, serverName: "o"))
        #expect(try profile("https://10.0.0.1/") { $0.spiffeID = id }?.expected == .spiffe(id, serverName: nil))
        #expect(try profile("https://unix:/s") { $0.spiffeID = id }?.expected == .spiffe(id, serverName: nil))
    }

    @Test("The stage's certificate is presented unless the integration has its own")
    func certificates() throws {
        #expect(try profile("https://o/", stage: pair)?.keyPair == pair)
        var own = pair
        own.key.place = .store("pkcs11:object=x")
        #expect(try profile("https://o/", stage: pair) { $0.keyPair = own }?.keyPair == own)
    }

    @Test("Connections are shared by targets with one address and one profile, wherever it is written")
    func sharing() throws {
        var first = api(
            "shop", [try route("GET /a", uri: "https://o/"), try route("GET /b", uri: "https://o/", line: 7)])
        var other = api("cart", [try route("GET /a", uri: "https://o/"), try route("GET /b", uri: "http://o:443/")])
        first.stages[0].clientCertificate = pair
        var written = pair
        written.certificate.position = position(99)
        other.stages[0].clientCertificate = written
        let plan = try PlanCompiler.compile([first, other], generation: 1)
        #expect(plan.targets.map { $0.tls != nil } == [true, false])
    }

    @Test("`tls` beside http is a mistake, told with the stage")
    func schemeMismatch() throws {
        var declared = api("shop", [try route("GET /", uri: "http://h/")])
        declared.routes[0].integration = .httpProxy(
            HTTPProxyDeclaration(
                uri: try StageTemplate("http://h/", at: here), tls: UpstreamTLSDeclaration(position: position(9))))
        #expect(
            problems(declared) == [
                "test.yaml:9:3: error: `tls` has a meaning only for `https://`, in stage `dev` it is `http://` (write `uri: https://…` or remove `tls`)"
            ])
    }

    @Test("A socket's certificate needs a name to be checked for")
    func namelessSocket() throws {
        #expect(
            problems(api("shop", [try route("GET /", uri: "https://unix:/run/o.sock", line: 4)])) == [
                "test.yaml:4:3: error: a socket has no name that its certificate could be checked for (add `tls: {serverName: orders.internal}`)"
            ])
    }

    @Test("What is shown of a store's URI holds no PIN")
    func noPIN() {
        let source = MaterialSource(.store("pkcs11:token=t;object=o?pin-value=1234"), at: here)
        #expect(source.description == "pkcs11:token=t;object=o?…")
    }
}
