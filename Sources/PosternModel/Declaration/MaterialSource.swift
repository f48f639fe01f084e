package import PosternPolicy

/// Where a certificate, key, trust anchor or revocation list is read from, as the configuration names it.
///
/// Two are equal that name the same material, wherever in the configuration they stand: connections are shared by it.
package struct MaterialSource: Sendable, Hashable, CustomStringConvertible {
    package enum Place: Sendable, Hashable {
        /// A path, relative ones already resolved. Where a list of certificates may stand, a directory too.
        case path(String)
        /// A file of systemd's `$CREDENTIALS_DIRECTORY` (systemd.exec(5), `LoadCredential=`).
        case credential(String)
        /// A URI of a store that OpenSSL opens, `pkcs11:…` or `tpm2:…` (ossl_store(7)); it may hold a PIN.
        case store(String)
    }

    package var place: Place
    /// For problems that show when the material is read.
    package var position: SourcePosition

    package init(_ place: Place, at position: SourcePosition) {
        self.place = place
        self.position = position
    }

    /// A path as it is opened, `credential:name`, or a store's URI without what a PIN may stand in.
    package var description: String {
        switch place {
        case .path(let path): path
        case .credential(let name): "credential:\(name)"
        case .store(let uri): MaterialSource.withoutSecrets(uri)
        }
    }

    /// RFC 7512, section 2.4: `pin-value` and `pin-source` are attributes of the query part.
    private static func withoutSecrets(_ uri: String) -> String {
        guard let question = uri.firstIndex(of: "?") else { return uri }
        return uri[..<question] + "?…"
    }

    package static func == (left: MaterialSource, right: MaterialSource) -> Bool { left.place == right.place }

    package func hash(into hasher: inout Hasher) { hasher.combine(place) }
}

/// A certificate chain in PEM, the leaf first, and the leaf's private key.
package struct KeyPairSource: Sendable, Hashable {
    package var certificate: MaterialSource
    package var key: MaterialSource

    package init(certificate: MaterialSource, key: MaterialSource) {
        self.certificate = certificate
        self.key = key
    }
}

/// The lowest TLS version that is spoken; the highest is always the newest.
package enum TLSVersionFloor: String, Sendable, CaseIterable {
    case tls12 = "1.2"
    case tls13 = "1.3"
}
