import COpenSSL
import Glibc
import PosternTLS

/// Certificates for the quickstart cannot be made: OpenSSL's reason.
struct DemoCertificateError: Error, CustomStringConvertible {
    let description: String

    static func check(_ result: Int32, _ what: String) throws(DemoCertificateError) {
        if result <= 0 { throw DemoCertificateError(what) }
    }

    init(_ what: String) { description = "\(what): \(OpenSSLError.drainText())" }
}

/// A certificate with its P-256 key, for the quickstart only.
final class DemoCertificate {
    /// How long certificates and lists are good: until no warning of their end is due at the start.
    static let days = 90

    let x509: OpaquePointer
    let key: OpaquePointer

    /// - Parameters:
    ///   - extensions: name and value, as in x509v3_config(5).
    ///   - issuer: nil: it signs itself.
    init(_ commonName: String, _ extensions: KeyValuePairs<String, String>, issuer: DemoCertificate?)
        throws(DemoCertificateError)
    {
        key = try Self.makeKey()
        x509 = X509_new()
        // A throw below runs `deinit`, since all fields are set.
        let issuerX509 = issuer?.x509 ?? x509
        try DemoCertificateError.check(X509_set_version(x509, 2), "version")
        try setSerial()
        let now = time(nil)
        ASN1_TIME_set(X509_getm_notBefore(x509), now - 60)
        ASN1_TIME_set(X509_getm_notAfter(x509), now + Self.days * 86_400)
        let name = X509_get_subject_name(x509)
        let added = X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, Array(commonName.utf8), -1, -1, 0)
        try DemoCertificateError.check(added, "subject")
        try DemoCertificateError.check(X509_set_issuer_name(x509, X509_get_subject_name(issuerX509)), "issuer")
        try DemoCertificateError.check(X509_set_pubkey(x509, key), "public key")
        var context = v3_ext_ctx()
        X509V3_set_ctx(&context, issuerX509, x509, nil, nil, 0)
        for (name, value) in extensions {
            guard let made = X509V3_EXT_nconf(nil, &context, name, value) else { throw DemoCertificateError(name) }
            defer { X509_EXTENSION_free(made) }
            try DemoCertificateError.check(X509_add_ext(x509, made, -1), name)
        }
        try DemoCertificateError.check(X509_sign(x509, issuer?.key ?? key, EVP_sha256()), "signature")
    }

    deinit {
        X509_free(x509)
        EVP_PKEY_free(key)
    }

    var pem: String { get throws(DemoCertificateError) { try Self.text { PEM_write_bio_X509($0, x509) } } }

    /// PKCS #8, not encrypted.
    var keyPEM: String {
        get throws(DemoCertificateError) {
            try Self.text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        }
    }

    static func text(_ write: (OpaquePointer) -> Int32) throws(DemoCertificateError) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { throw DemoCertificateError("memory") }
        defer { BIO_free(bio) }
        try DemoCertificateError.check(write(bio), "PEM")
        var bytes: UnsafeMutablePointer<CChar>?
        let count = postern_bio_bytes(bio, &bytes)
        // The bytes belong to the BIO, which lives until this returns.
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    private static func makeKey() throws(DemoCertificateError) -> OpaquePointer {
        let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) > 0, EVP_PKEY_CTX_set_group_name(context, "P-256") > 0,
            EVP_PKEY_generate(context, &key) > 0, let key
        else { throw DemoCertificateError("key") }
        return key
    }

    /// 63 random bits.
    private func setSerial() throws(DemoCertificateError) {
        let number = BN_new()
        defer { BN_free(number) }
        try DemoCertificateError.check(BN_rand(number, 63, BN_RAND_TOP_ANY, 0), "serial number")
        let serial = BN_to_ASN1_INTEGER(number, nil)
        defer { ASN1_INTEGER_free(serial) }
        try DemoCertificateError.check(X509_set_serialNumber(x509, serial), "serial number")
    }
}
