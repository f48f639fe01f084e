import COpenSSL

/// The rules of the X509-SVID standard that a certificate meets by itself, whoever signed it.
enum X509SVID {
    /// The SPIFFE ID of a leaf (sections 2, 3.1, 4.1, 4.3, 5.2); nil if it has no URI name at all.
    ///
    /// Throws if there is more than one URI, the URI is no SPIFFE ID, names only a trust domain, or the certificate
    /// could sign others: such a certificate may not identify a workload.
    static func leafID(of x509: OpaquePointer, names: SubjectAlternativeNames) throws(IdentityProblem) -> SPIFFEID? {
        guard let uri = names.uri.first else { return nil }
        guard names.uri.count == 1 else {
            throw .init("\(names.uri.count) URIs among its names, where an X.509-SVID has exactly one")
        }
        let id = try SPIFFEID(uri)
        guard !id.path.isEmpty else { throw .init("`\(uri)` names a trust domain, not a workload in it") }
        guard X509_get_extension_flags(x509) & UInt32(EXFLAG_CA) == 0 else {
            throw .init("an authority's certificate cannot be a workload's")
        }
        // All bits are set where there is no keyUsage.
        let usage = X509_get_key_usage(x509)
        guard usage != .max else { throw .init("no keyUsage, which an X.509-SVID must have") }
        guard usage & UInt32(KU_KEY_CERT_SIGN | KU_CRL_SIGN) == 0 else {
            throw .init("keyUsage lets a workload's certificate sign certificates or revocation lists")
        }
        guard usage & UInt32(KU_DIGITAL_SIGNATURE) != 0 else {
            throw .init("keyUsage lacks digitalSignature, which an X.509-SVID must have")
        }
        return id
    }

    /// The rules for those that signed it (sections 3.2, 4.1, 4.3): authority, keyCertSign, and where it has a SPIFFE ID
    /// of its own, that of a trust domain, which must be the leaf's.
    ///
    /// The standard says SHOULD for the last; an authority that names another domain is refused here, since nothing
    /// honest is lost by it.
    static func checkSigner(_ x509: OpaquePointer, of leaf: SPIFFEID) throws(IdentityProblem) {
        guard X509_get_extension_flags(x509) & UInt32(EXFLAG_CA) != 0 else { throw .init("it is not an authority") }
        let usage = X509_get_key_usage(x509)
        guard usage != .max, usage & UInt32(KU_KEY_CERT_SIGN) != 0 else { throw .init("keyUsage lacks keyCertSign") }
        guard let uri = try SubjectAlternativeNames(of: x509).uri.first else { return }
        let id = try SPIFFEID(uri)
        guard id.path.isEmpty else { throw .init("its SPIFFE ID `\(uri)` has a path") }
        guard id.trustDomain == leaf.trustDomain else {
            throw .init("it belongs to trust domain `\(id.trustDomain)`, not `\(leaf.trustDomain)`")
        }
    }
}
