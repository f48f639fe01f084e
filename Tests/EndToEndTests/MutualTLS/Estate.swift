import Foundation
import TestAuthority

/// A certificate with its key, in files.
struct EstateIdentity: Sendable {
    let certificate: TestCertificate
    let certificateFile: String
    let keyFile: String
}

/// The certificates of a test: an authority for the gateway, one for its callers, and whoever they issue, as files of a directory.
final class Estate {
    static let now = Int(time(nil))
    static let day = 86_400

    let directory: TemporaryDirectory
    /// Issues what the gateway presents.
    let serverAuthority: TestCertificate
    /// Issues what callers present.
    let clientAuthority: TestCertificate
    private var count = 0

    init(in directory: TemporaryDirectory? = nil) throws {
        self.directory = try directory ?? TemporaryDirectory()
        serverAuthority = Self.authority("Servers")
        clientAuthority = Self.authority("Clients")
        try write(serverAuthority.pem, to: "tls/servers.pem")
        try write(clientAuthority.pem, to: "tls/clients.pem")
        try server("mesh", names: ["DNS:mesh.internal"])
    }

    // MARK: Making

    static func authority(
        _ name: String, under issuer: TestCertificate? = nil, _ change: (inout CertificateRecipe) -> Void = { _ in }
    )
        -> TestCertificate
    {
        var recipe = CertificateRecipe.authority(
            subject: [["CN", name]], notBefore: now - day, notAfter: now + 3650 * day - day / 2)
        change(&recipe)
        return issuer?.issue(recipe) ?? TestCertificate(selfSigned: recipe)
    }

    /// Half a day less than `days`, so that it has one day less left whenever it is asked.
    static func leaf(_ name: String, _ names: [String] = [], days: Int = 90) -> CertificateRecipe {
        CertificateRecipe(
            subject: [["CN", name]], notBefore: now - day, notAfter: now + days * day - day / 2, names: names)
    }

    /// A caller's certificate and key in files of their own.
    func client(
        _ name: String = "client", names: [String] = [], issuer: TestCertificate? = nil, chain: [TestCertificate] = [],
        _ change: (inout CertificateRecipe) -> Void = { _ in }
    ) throws -> EstateIdentity {
        var recipe = Self.leaf(name, names)
        change(&recipe)
        count += 1
        return try save((issuer ?? clientAuthority).issue(recipe), as: "callers/\(count)", chain: chain)
    }

    /// The gateway's certificate `tls/NAME.pem` and its key `tls/NAME.key`.
    @discardableResult
    func server(
        _ file: String, names: [String], days: Int = 90, _ change: (inout CertificateRecipe) -> Void = { _ in }
    ) throws -> EstateIdentity {
        var recipe = Self.leaf(file, names, days: days)
        change(&recipe)
        return try save(serverAuthority.issue(recipe), as: "tls/\(file)", chain: [serverAuthority])
    }

    func save(_ certificate: TestCertificate, as file: String, chain: [TestCertificate] = []) throws -> EstateIdentity {
        try write(([certificate] + chain).map(\.pem).joined(), to: "\(file).pem")
        try write(certificate.key.pem, to: "\(file).key")
        return EstateIdentity(
            certificate: certificate, certificateFile: directory.file("\(file).pem"),
            keyFile: directory.file("\(file).key"))
    }

    /// Writes a list of an authority, current for a day unless told otherwise.
    func revoke(
        _ certificates: [TestCertificate], of issuer: TestCertificate? = nil, number: Int = 1,
        in file: String = "tls/clients.crl",
        _ change: (inout RevocationRecipe) -> Void = { _ in }
    ) throws {
        var recipe = RevocationRecipe(thisUpdate: Self.now - 3600, nextUpdate: Self.now + Self.day, number: number)
        change(&recipe)
        try write(
            TestRevocationList(recipe, issuer: issuer ?? clientAuthority, revoking: certificates).pem, to: file)
    }

    /// Renames it into place.
    func write(_ text: String, to file: String) throws { try directory.write(text, to: file) }

    // MARK: Serving

    /// The text of `tls` with the first certificate and the callers' authority.
    static func tls(_ client: String = "trust: [tls/clients.pem]", _ more: String = "") -> String {
        "tls: {certificates: [{certificate: tls/mesh.pem, key: tls/mesh.key}], clientCertificate: {\(client)}"
            + (more.isEmpty ? "}" : ", \(more)}")
    }

    func configuration(
        _ tls: String..., policy: String = Policies.open,
        routes: [String: String] = ["GET /x": "{type: MOCK, body: fine}"],
        process: [String] = []
    ) throws -> Configuration {
        let listeners = try tls.enumerated().map { index, tls in
            try Listener("vpce-\(index)", options: "defaultApi: shop, \(tls)")
        }
        var configuration = try Configuration(listeners: listeners, process)
        configuration.add(API("shop", policy: policy, routes))
        return configuration
    }

    func gateway(_ configuration: Configuration, environment: [String: String] = [:]) throws -> SecureGateway {
        try SecureGateway(configuration, self, environment: environment)
    }
}

/// A gateway whose certificates come from an estate, and a client to call it with.
final class SecureGateway {
    let gateway: Gateway
    let client: TLSClient

    init(_ configuration: Configuration, _ estate: Estate, environment: [String: String] = [:]) throws {
        gateway = try Gateway(configuration, in: estate.directory, launcher: [], environment: environment)
        client = try TLSClient(trusting: estate.directory.file("tls/servers.pem"))
        try gateway.waitUntilListening()
    }

    /// A connection of its own with one request; TLS 1.3 tells of a refusal only then.
    func ask(_ wish: TLSWish, by listener: String? = nil, _ target: String = "/dev/x") throws -> TLSOutcome {
        let request = "GET \(target) HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"
        return try client.open(gateway.place(listener), wish, request: request).outcome
    }

    /// A connection that stays.
    func connect(_ wish: TLSWish, by listener: String? = nil) throws -> Wire {
        let (wire, outcome) = try client.open(gateway.place(listener), wish)
        guard outcome.failure.isEmpty else { throw WireFailure.malformed("handshake: \(outcome.failure)") }
        return wire
    }

    /// The reasons of refused handshakes, as the access log has them.
    func refusal(by listener: String = "vpce-0", containing text: String) throws -> AccessRecord {
        try gateway.record { $0["vpceId"] == listener && ($0["errorReason"] ?? "").contains(text) }
    }

    func metrics() throws -> String {
        do {
            return try gateway.admin("/metrics").text
        } catch {
            // Whether it is there at all says most of what has happened.
            let status = gateway.child.status.map { "\($0)" } ?? "running"
            throw WireFailure.malformed("no metrics: \(error), gateway \(status): \(gateway.errors)")
        }
    }

    /// The value of the sample whose name and labels these are.
    func sample(_ name: String) throws -> Double? {
        let line = try metrics().split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// Waits until so many changes of files have been served since the start.
    func untilChanged(_ times: Double = 1) throws {
        let name = #"postern_tls_material_reloads_total{result="success"}"#
        try eventually("change \(times) of the files is served: \(gateway.errors)") {
            // Files are looked at once a second.
            usleep(50_000)
            return try sample(name) ?? 0 >= times
        }
    }

    @discardableResult
    func certs(_ options: String...) throws -> Child.Result {
        try Child.run([Postern.path, "certs", "--admin", gateway.directory.file("admin.sock")] + options)
    }
}
