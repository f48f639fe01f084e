/// What a test certificate looks like. The values of extensions are written as in OpenSSL's configuration
/// (`x509v3_config(5)`), so that anything can be made, the malformed included.
package struct CertificateRecipe: Sendable {
    /// One attribute of a distinguished name: `["CN", "client"]`, in the order of the encoding (most general first).
    package var subject: [[String]]
    package var key: TestKey.Kind = .p256
    /// Seconds since 1970.
    package var notBefore: Int
    package var notAfter: Int
    package var isAuthority = false
    package var pathLength: Int?
    /// `critical,digitalSignature`; nil leaves the extension out.
    package var keyUsage: String?
    package var extendedKeyUsage: String?
    /// `DNS:example.org`, `URI:…`, `IP:…`, `email:…`.
    package var names: [String] = []
    /// `critical,permitted;DNS:.example.org`
    package var nameConstraints: String?
    /// More extensions: the name or OID, and the value.
    package var extensions: [[String]] = []
    package var digest = "SHA256"
    /// Whether the subject's and the authority's key identifiers are in it.
    package var hasKeyIdentifiers = true
    /// Decimal; nil for a random one.
    package var serial: String?
    /// Whether the last bit of the signature is turned over.
    package var isSignatureBroken = false

    /// An end entity that may be client and server.
    package init(subject: [[String]], notBefore: Int, notAfter: Int, names: [String] = []) {
        self.subject = subject
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.names = names
        keyUsage = "critical,digitalSignature"
        extendedKeyUsage = "clientAuth,serverAuth"
    }

    /// An authority that may sign certificates and revocation lists.
    package static func authority(subject: [[String]], notBefore: Int, notAfter: Int) -> CertificateRecipe {
        var recipe = CertificateRecipe(subject: subject, notBefore: notBefore, notAfter: notAfter)
        recipe.isAuthority = true
        recipe.keyUsage = "critical,keyCertSign,cRLSign"
        recipe.extendedKeyUsage = nil
        return recipe
    }
}

/// What a test revocation list looks like.
package struct RevocationRecipe: Sendable {
    package var thisUpdate: Int
    /// nil leaves it out, against RFC 5280.
    package var nextUpdate: Int?
    package var number: Int?
    /// The number of the base, for a delta list.
    package var base: Int?
    /// Whether the list says which key signed it.
    package var hasKeyIdentifier = true
    package var extensions: [[String]] = []
    package var digest = "SHA256"
    /// Reason code of RFC 5280 section 5.3.1 for all entries; nil for none. 8 (removeFromCRL) takes back.
    package var reason: Int?

    package init(thisUpdate: Int, nextUpdate: Int?, number: Int? = nil) {
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.number = number
    }
}
