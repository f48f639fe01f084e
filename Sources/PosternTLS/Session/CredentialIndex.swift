/// Which credentials answer to which server name (RFC 6066, section 3).
///
/// An exact name goes before a wildcard, which stands for one label (RFC 6125, section 6.4.3); a name that nobody has
/// is answered with the default, as clients then see which server they reached.
struct CredentialIndex: Sendable {
    /// The first credential and, for its name, those with other types of keys.
    let fallback: [TLSCredential]
    private let exact: [String: [TLSCredential]]
    /// Keyed by what follows `*.`.
    private let wildcard: [String: [TLSCredential]]

    init(_ credentials: [TLSCredential]) {
        var exact: [String: [TLSCredential]] = [:]
        var wildcard: [String: [TLSCredential]] = [:]
        for credential in credentials {
            for name in credential.names {
                if name.hasPrefix("*.") {
                    Self.add(credential, to: &wildcard[String(name.dropFirst(2)), default: []])
                } else {
                    Self.add(credential, to: &exact[name, default: []])
                }
            }
        }
        var fallback = Array(credentials.prefix(1))
        if let name = credentials.first?.names.first {
            for other in credentials.dropFirst() where other.names.contains(name) { Self.add(other, to: &fallback) }
        }
        self.fallback = fallback
        self.exact = exact
        self.wildcard = wildcard
    }

    /// nil: the default.
    func credentials(for serverName: String) -> [TLSCredential]? {
        var name = serverName.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if let found = exact[name] { return found }
        guard let dot = name.firstIndex(of: ".") else { return nil }
        return wildcard[String(name[name.index(after: dot)...])]
    }

    /// Of several with the same type of key the first is used.
    private static func add(_ credential: TLSCredential, to list: inout [TLSCredential]) {
        if !list.contains(where: { $0.keyType == credential.keyType }) { list.append(credential) }
    }
}
