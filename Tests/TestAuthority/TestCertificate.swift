import COpenSSL

/// A certificate with its key, which may sign others: any chain, right or wrong, is made by `issue`.
package final class TestCertificate: @unchecked Sendable {
    /// Never changed after `init`.
    package let x509: OpaquePointer
    package let key: TestKey

    /// Signs itself.
    package init(selfSigned recipe: CertificateRecipe, key: TestKey? = nil) {
        self.key = key ?? TestKey(recipe.key)
        x509 = Self.made(recipe, key: self.key, issuer: nil, signer: self.key)
    }

    /// - Parameters:
    ///   - issuer: whose name and key identifier the certificate bears.
    ///   - key: the subject's; another certificate's for cross-signing.
    ///   - signer: whose key signs; not the issuer's for a forgery.
    package init(_ recipe: CertificateRecipe, issuer: TestCertificate, key: TestKey? = nil, signer: TestKey? = nil) {
        self.key = key ?? TestKey(recipe.key)
        x509 = Self.made(recipe, key: self.key, issuer: issuer.x509, signer: signer ?? issuer.key)
    }

    deinit { X509_free(x509) }

    package func issue(_ recipe: CertificateRecipe) -> TestCertificate { TestCertificate(recipe, issuer: self) }

    package var pem: String { text { PEM_write_bio_X509($0, x509) } }
    package var der: [UInt8] { TestAuthority.der { i2d_X509(x509, $0) } }

    private static func made(
        _ recipe: CertificateRecipe, key: TestKey, issuer: OpaquePointer?, signer: TestKey
    ) -> OpaquePointer {
        let x509 = X509_new()!
        must(X509_set_version(x509, 2))
        let serial = serial(recipe.serial)
        defer { ASN1_INTEGER_free(serial) }
        must(X509_set_serialNumber(x509, serial))
        ASN1_TIME_set(X509_getm_notBefore(x509), recipe.notBefore)
        ASN1_TIME_set(X509_getm_notAfter(x509), recipe.notAfter)
        let subject = name(recipe.subject)
        defer { X509_NAME_free(subject) }
        must(X509_set_subject_name(x509, subject))
        must(X509_set_issuer_name(x509, issuer.map { X509_get_subject_name($0) } ?? subject))
        must(X509_set_pubkey(x509, key.key))
        for (name, value) in extensions(of: recipe) {
            add(name, value, to: x509, issuer: issuer ?? x509)
        }
        must(X509_sign(x509, signer.key, signer.digest(recipe.digest)), "signing a certificate")
        return recipe.isSignatureBroken ? spoiled(x509) : x509
    }

    /// In an order that gives the authority's own identifier before the one that copies it.
    private static func extensions(of recipe: CertificateRecipe) -> [(String, String)] {
        var all: [(String, String)] = []
        if recipe.isAuthority {
            all.append(("basicConstraints", "critical,CA:TRUE" + (recipe.pathLength.map { ",pathlen:\($0)" } ?? "")))
        }
        if let usage = recipe.keyUsage { all.append(("keyUsage", usage)) }
        if let usage = recipe.extendedKeyUsage { all.append(("extendedKeyUsage", usage)) }
        if !recipe.names.isEmpty {
            all.append(
                ("subjectAltName", (recipe.subject.isEmpty ? "critical," : "") + recipe.names.joined(separator: ",")))
        }
        if let constraints = recipe.nameConstraints { all.append(("nameConstraints", constraints)) }
        if recipe.hasKeyIdentifiers {
            all.append(("subjectKeyIdentifier", "hash"))
            all.append(("authorityKeyIdentifier", "keyid"))
        }
        return all + recipe.extensions.map { ($0[0], $0[1]) }
    }

    private static func add(_ name: String, _ value: String, to x509: OpaquePointer, issuer: OpaquePointer) {
        var context = v3_ext_ctx()
        X509V3_set_ctx(&context, issuer, x509, nil, nil, 0)
        guard let made = X509V3_EXT_nconf(nil, &context, name, value) else {
            return must(0, "extension \(name) = \(value)")
        }
        defer { X509_EXTENSION_free(made) }
        must(X509_add_ext(x509, made, -1))
    }

    private static func serial(_ decimal: String?) -> UnsafeMutablePointer<ASN1_INTEGER> {
        var number: OpaquePointer? = BN_new()
        if let decimal { must(BN_dec2bn(&number, decimal)) } else { must(BN_rand(number, 63, BN_RAND_TOP_ANY, 0)) }
        defer { BN_free(number) }
        return BN_to_ASN1_INTEGER(number, nil)
    }

    static func name(_ parts: [[String]]) -> OpaquePointer {
        let name = X509_NAME_new()!
        for part in parts {
            // UTF-8 as it is, control characters and NUL included.
            let bytes = Array(part[1].utf8)
            must(
                X509_NAME_add_entry_by_txt(name, part[0], MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0),
                "name part \(part)")
        }
        return name
    }

    /// The same certificate with its last byte, which is the signature's, turned over.
    private static func spoiled(_ x509: OpaquePointer) -> OpaquePointer {
        var bytes = TestAuthority.der { i2d_X509(x509, $0) }
        X509_free(x509)
        bytes[bytes.count - 1] ^= 1
        return bytes.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return d2i_X509(nil, &cursor, buffer.count)!
        }
    }
}
