import Glibc
import PosternModel

/// Where the process finds what the configuration names but does not hold.
package struct MaterialEnvironment: Sendable {
    /// systemd's `$CREDENTIALS_DIRECTORY`; nil when the process was started without credentials.
    package var credentialsDirectory: String?
    /// Files and directories of the system's own trust store, the first that exists counts.
    package var systemTrust: [String]

    package init(credentialsDirectory: String?, systemTrust: [String]) {
        self.credentialsDirectory = credentialsDirectory
        self.systemTrust = systemTrust
    }

    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` go before the bundles of Debian, Fedora, SUSE and Alpine, as with OpenSSL's own
    /// programs.
    package static func ofProcess() -> MaterialEnvironment {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        let bundles = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
            "/etc/ssl/cert.pem",
        ]
        return MaterialEnvironment(
            credentialsDirectory: variable("CREDENTIALS_DIRECTORY"),
            systemTrust: ["SSL_CERT_FILE", "SSL_CERT_DIR"].compactMap(variable) + bundles)
    }

    var systemTrustPath: String? { systemTrust.first { access($0, F_OK) == 0 } }

    /// The path that a source is read from; nil for a store, and for a credential of a process that has none.
    func path(of source: MaterialSource) -> String? {
        switch source.place {
        case .path(let path): path
        case .credential(let name): credentialsDirectory.map { $0.hasSuffix("/") ? $0 + name : "\($0)/\(name)" }
        case .store: nil
        }
    }
}
