import Foundation
import TestAuthority

/// Certificates for upstreams and for the gateway, as files in a directory of their own.
final class UpstreamAuthority {
    let directory: TemporaryDirectory
    let root: TestCertificate
    private let now = Int(Date().timeIntervalSince1970)

    init(_ name: String = "Services", in directory: TemporaryDirectory? = nil) throws {
        self.directory = try directory ?? TemporaryDirectory()
        let recipe = CertificateRecipe.authority(
            subject: [["CN", name]], notBefore: now - 86_400, notAfter: now + 90 * 86_400)
        root = TestCertificate(selfSigned: recipe)
        try self.directory.write(root.pem, to: "\(name).pem")
        trust = self.directory.file("\(name).pem")
    }

    /// The path of the root.
    let trust: String

    /// A leaf by the root, within its dates.
    func recipe(_ name: String, _ names: [String] = []) -> CertificateRecipe {
        CertificateRecipe(
            subject: [["CN", name]], notBefore: now - 86_400, notAfter: now + 60 * 86_400, names: names)
    }

    /// One that ended yesterday.
    func expired(_ name: String, _ names: [String]) -> CertificateRecipe {
        var recipe = recipe(name, names)
        (recipe.notBefore, recipe.notAfter) = (now - 2 * 86_400, now - 86_400)
        return recipe
    }

    func issue(_ name: String, _ names: [String] = []) throws -> Pair {
        try write(root.issue(recipe(name, names)), as: name)
    }

    /// - Parameter chain: sent behind the leaf.
    func write(_ certificate: TestCertificate, chain: [TestCertificate] = [], as name: String) throws -> Pair {
        let pem = ([certificate] + chain).map(\.pem).joined()
        try directory.write(pem, to: "\(name).crt")
        try directory.write(certificate.key.pem, to: "\(name).key")
        return Pair(directory: directory, name: name)
    }

    /// A certificate's files, which may be written anew.
    struct Pair {
        let directory: TemporaryDirectory
        let name: String
        var certificate: String { directory.file("\(name).crt") }
        var key: String { directory.file("\(name).key") }
        /// As in the configuration.
        var yaml: String { "certificate: \(certificate), key: \(key)" }
    }
}

extension Nginx {
    /// Directives of a server block that speaks TLS at `place` as well.
    ///
    /// - Parameter clients: whose certificates callers must have; nil asks for none.
    static func secured(
        at place: SocketPlace, _ pair: UpstreamAuthority.Pair, clients: String? = nil,
        protocols: String = "TLSv1.2 TLSv1.3"
    ) -> String {
        let clients = clients.map { "ssl_client_certificate \($0); ssl_verify_client on;" } ?? ""
        return """
            listen \(place) ssl; ssl_certificate \(pair.certificate); ssl_certificate_key \(pair.key);
            ssl_protocols \(protocols); \(clients)
            """
    }
}
