import COpenSSL

extension Certificate {
    /// Whether it bears this authority's name and key identifier and the signature is the authority's (RFC 5280, 6.1.3).
    package func isIssued(by authority: Certificate) -> Bool {
        defer { ERR_clear_error() }
        guard X509_check_issued(authority.x509, x509) == X509_V_OK, let key = X509_get0_pubkey(authority.x509) else {
            return false
        }
        return X509_verify(x509, key) == 1
    }
}
