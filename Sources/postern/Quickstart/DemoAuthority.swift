import COpenSSL
import Glibc

/// The quickstart's own authority for the SPIFFE trust domain `demo`. Its key stays in memory and goes with it: nothing is
/// ever signed by it again.
struct DemoAuthority {
    static let trustDomain = "demo"

    let certificate: DemoCertificate

    init() throws(DemoCertificateError) {
        certificate = try DemoCertificate(
            "Postern quickstart",
            [
                "basicConstraints": "critical,CA:TRUE,pathlen:0",
                "keyUsage": "critical,keyCertSign,cRLSign",
                "subjectAltName": "URI:spiffe://\(Self.trustDomain)",
                "subjectKeyIdentifier": "hash",
                "authorityKeyIdentifier": "keyid",
            ],
            issuer: nil)
    }

    /// For the gateway itself, by loopback's name and address.
    func server() throws(DemoCertificateError) -> DemoCertificate {
        try issue("postern", names: "DNS:localhost,IP:127.0.0.1", usage: "serverAuth")
    }

    /// An X.509-SVID for `spiffe://demo/ns/{name}`.
    func workload(_ name: String) throws(DemoCertificateError) -> DemoCertificate {
        try issue(name, names: "URI:\(Self.id(of: name))", usage: "clientAuth")
    }

    static func id(of workload: String) -> String { "spiffe://\(trustDomain)/ns/\(workload)" }

    private func issue(
        _ commonName: String, names: String, usage: String
    ) throws(DemoCertificateError) -> DemoCertificate {
        try DemoCertificate(
            commonName,
            [
                "basicConstraints": "critical,CA:FALSE",
                "keyUsage": "critical,digitalSignature",
                "extendedKeyUsage": usage,
                "subjectAltName": names,
                "subjectKeyIdentifier": "hash",
                "authorityKeyIdentifier": "keyid",
            ],
            issuer: certificate)
    }

    /// A revocation list in PEM.
    func list(number: Int, revoking revoked: [DemoCertificate]) throws(DemoCertificateError) -> String {
        guard let list = X509_CRL_new() else { throw DemoCertificateError("revocation list") }
        defer { X509_CRL_free(list) }
        let begin = ASN1_TIME_set(nil, time(nil) - 60)
        let end = ASN1_TIME_set(nil, time(nil) + DemoCertificate.days * 86_400)
        let count = ASN1_INTEGER_new()
        defer {
            ASN1_TIME_free(begin)
            ASN1_TIME_free(end)
            ASN1_INTEGER_free(count)
        }
        guard X509_CRL_set_version(list, 1) > 0,
            X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate.x509)) > 0,
            X509_CRL_set1_lastUpdate(list, begin) > 0, X509_CRL_set1_nextUpdate(list, end) > 0,
            ASN1_INTEGER_set(count, number) > 0, X509_CRL_add1_ext_i2d(list, NID_crl_number, count, 0, 0) > 0
        else { throw DemoCertificateError("revocation list") }
        for certificate in revoked {
            let entry = X509_REVOKED_new()
            // The list takes over the entry.
            guard X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.x509)) > 0,
                X509_REVOKED_set_revocationDate(entry, begin) > 0, X509_CRL_add0_revoked(list, entry) > 0
            else { throw DemoCertificateError("entry of a revocation list") }
        }
        try addKeyIdentifier(to: list)
        guard X509_CRL_sort(list) > 0, X509_CRL_sign(list, certificate.key, EVP_sha256()) > 0 else {
            throw DemoCertificateError("signature of a revocation list")
        }
        return try DemoCertificate.text { PEM_write_bio_X509_CRL($0, list) }
    }

    private func addKeyIdentifier(to list: OpaquePointer) throws(DemoCertificateError) {
        var context = v3_ext_ctx()
        X509V3_set_ctx(&context, certificate.x509, nil, nil, list, 0)
        guard let made = X509V3_EXT_nconf(nil, &context, "authorityKeyIdentifier", "keyid") else {
            throw DemoCertificateError("key identifier of a revocation list")
        }
        defer { X509_EXTENSION_free(made) }
        try DemoCertificateError.check(X509_CRL_add_ext(list, made, -1), "key identifier of a revocation list")
    }
}
