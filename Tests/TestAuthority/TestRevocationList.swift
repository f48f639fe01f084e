import COpenSSL

/// A revocation list, signed by a test authority.
package final class TestRevocationList: @unchecked Sendable {
    /// Never changed after `init`.
    package let crl: OpaquePointer

    /// - Parameter signer: whose key signs; not the issuer's for a forgery.
    package init(
        _ recipe: RevocationRecipe, issuer: TestCertificate, revoking: [TestCertificate] = [], signer: TestKey? = nil
    ) {
        let crl = X509_CRL_new()!
        self.crl = crl
        must(X509_CRL_set_version(crl, 1))
        must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer.x509)))
        let thisUpdate = ASN1_TIME_set(nil, recipe.thisUpdate)
        defer { ASN1_TIME_free(thisUpdate) }
        must(X509_CRL_set1_lastUpdate(crl, thisUpdate))
        if let second = recipe.nextUpdate {
            let nextUpdate = ASN1_TIME_set(nil, second)
            defer { ASN1_TIME_free(nextUpdate) }
            must(X509_CRL_set1_nextUpdate(crl, nextUpdate))
        }
        for certificate in revoking { revoke(certificate, at: thisUpdate, reason: recipe.reason) }
        if let number = recipe.number { addInteger(number, NID_crl_number, critical: false) }
        if let base = recipe.base { addInteger(base, NID_delta_crl, critical: true) }
        if recipe.hasKeyIdentifier { add("authorityKeyIdentifier", "keyid", issuer: issuer) }
        for item in recipe.extensions { add(item[0], item[1], issuer: issuer) }
        must(X509_CRL_sort(crl))
        let key = signer ?? issuer.key
        must(X509_CRL_sign(crl, key.key, key.digest(recipe.digest)), "signing a revocation list")
    }

    deinit { X509_CRL_free(crl) }

    package var pem: String { text { PEM_write_bio_X509_CRL($0, crl) } }
    package var der: [UInt8] { TestAuthority.der { i2d_X509_CRL(crl, $0) } }

    private func revoke(_ certificate: TestCertificate, at time: UnsafeMutablePointer<ASN1_TIME>?, reason: Int?) {
        let entry = X509_REVOKED_new()!
        must(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.x509)))
        must(X509_REVOKED_set_revocationDate(entry, time))
        if let reason {
            let value = ASN1_ENUMERATED_new()
            defer { ASN1_ENUMERATED_free(value) }
            must(ASN1_ENUMERATED_set(value, reason))
            must(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value, 0, 0))
        }
        must(X509_CRL_add0_revoked(crl, entry))
    }

    private func addInteger(_ number: Int, _ extension: Int32, critical: Bool) {
        let value = ASN1_INTEGER_new()
        defer { ASN1_INTEGER_free(value) }
        must(ASN1_INTEGER_set(value, number))
        must(X509_CRL_add1_ext_i2d(crl, `extension`, value, critical ? 1 : 0, 0))
    }

    private func add(_ name: String, _ value: String, issuer: TestCertificate) {
        var context = v3_ext_ctx()
        X509V3_set_ctx(&context, issuer.x509, nil, nil, crl, 0)
        guard let made = X509V3_EXT_nconf(nil, &context, name, value) else {
            return must(0, "extension \(name) = \(value)")
        }
        defer { X509_EXTENSION_free(made) }
        must(X509_CRL_add_ext(crl, made, -1))
    }
}
