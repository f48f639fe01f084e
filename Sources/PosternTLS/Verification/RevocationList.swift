import COpenSSL

/// One certificate revocation list (RFC 5280 section 5), base or delta, and where it came from.
///
/// Sendable by this invariant: the `X509_CRL` is never written after `init`; its reference count is atomic and the order
/// OpenSSL brings its entries into at the first search is guarded by the object's own lock.
package final class RevocationList: @unchecked Sendable {
    let crl: OpaquePointer
    package let source: CertificateSource
    /// Name of the issuer, RFC 4514.
    package let issuer: String
    /// Seconds since 1970.
    package let thisUpdate: Int
    /// From this second on the list is stale.
    package let nextUpdate: Int
    /// Lower-case hexadecimal; nil if the list has none.
    package let number: String?
    package let isDelta: Bool
    /// How many certificates it revokes.
    package let count: Int

    /// Takes over the caller's reference. Throws for a list that could never count as current, or whose scope OpenSSL
    /// does not process: it would be passed over in silence.
    init(taking crl: OpaquePointer, source: CertificateSource) throws(ReadProblem) {
        self.crl = crl
        self.source = source
        // A throw below runs `deinit`, since all fields are set by then.
        let issuer = DistinguishedName.text(X509_CRL_get_issuer(crl))
        let thisUpdate = CertificateTime.epochSecond(X509_CRL_get0_lastUpdate(crl))
        let nextUpdate = CertificateTime.epochSecond(X509_CRL_get0_nextUpdate(crl))
        self.issuer = issuer ?? ""
        self.thisUpdate = thisUpdate ?? .max
        self.nextUpdate = nextUpdate ?? .min
        number = Self.integer(crl, NID_crl_number)
        isDelta = X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0
        count = X509_CRL_get_REVOKED(crl).map { Int(OPENSSL_sk_num($0)) } ?? 0
        guard issuer != nil else { throw ReadProblem(reason: "its issuer is not text in UTF-8") }
        guard thisUpdate != nil else { throw ReadProblem(reason: "its thisUpdate cannot be read") }
        guard nextUpdate != nil else {
            throw ReadProblem(reason: "it has no nextUpdate, so nobody can tell whether it is current")
        }
        if let reason = Self.unusableScope(crl) { throw ReadProblem(reason: reason) }
    }

    deinit { X509_CRL_free(crl) }

    /// Issued in this authority's name, and by its key as far as the list says.
    func isIssued(by authority: Certificate) -> Bool { Self.isIssued(crl, by: authority.x509) }

    static func isIssued(_ crl: OpaquePointer, by authority: OpaquePointer) -> Bool {
        guard X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(authority)) == 0 else { return false }
        guard let decoded = decoded(crl, NID_authority_key_identifier) else { return true }
        let key = decoded.assumingMemoryBound(to: AUTHORITY_KEYID.self)
        defer { AUTHORITY_KEYID_free(key) }
        return X509_check_akid(authority, key) == X509_V_OK
    }

    /// Whether the signature is this authority's.
    func isSigned(by authority: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return X509_CRL_verify(crl, X509_get0_pubkey(authority.x509)) == 1
    }

    func isCurrent(at now: Int) -> Bool { thisUpdate <= now && now < nextUpdate }

    /// Whether it lists this certificate, other than to take it back.
    func revokes(_ certificate: Certificate) -> Bool {
        var entry: OpaquePointer?
        return X509_CRL_get0_by_cert(crl, &entry, certificate.x509) == 1
    }

    /// A later list of the same issuer, by number.
    func isNewer(than other: RevocationList) -> Bool {
        guard let number, let earlier = other.number else { return thisUpdate > other.thisUpdate }
        return (number.utf8.count, number) > (earlier.utf8.count, earlier)
    }

    private static func unusableScope(_ crl: OpaquePointer) -> String? {
        guard X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0 else { return nil }
        guard let decoded = decoded(crl, NID_issuing_distribution_point) else {
            return "its issuingDistributionPoint cannot be decoded"
        }
        let point = decoded.assumingMemoryBound(to: ISSUING_DIST_POINT.self)
        defer { ISSUING_DIST_POINT_free(point) }
        if point.pointee.indirectCRL > 0 { return "it is indirect, which is not supported" }
        if point.pointee.onlyattr > 0 { return "it covers attribute certificates only" }
        if point.pointee.onlysomereasons != nil { return "it covers some reasons only, which is not supported" }
        return nil
    }

    private static func integer(_ crl: OpaquePointer, _ extension: Int32) -> String? {
        guard let decoded = decoded(crl, `extension`) else { return nil }
        let integer = decoded.assumingMemoryBound(to: ASN1_INTEGER.self)
        defer { ASN1_INTEGER_free(integer) }
        return CertificateSerial(integer)?.hexadecimal
    }

    private static func decoded(_ crl: OpaquePointer, _ extension: Int32) -> UnsafeMutableRawPointer? {
        defer { ERR_clear_error() }
        return X509_CRL_get_ext_d2i(crl, `extension`, nil, nil)
    }
}
