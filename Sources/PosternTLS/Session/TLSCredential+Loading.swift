import COpenSSL

extension TLSCredential {
    /// Whether a password was asked for; its only user is the callback below, on the loading thread's stack.
    private struct PasswordQuestion { var wasAsked = false }

    /// All certificates of a PEM text, in order; at least one.
    static func certificates(in pem: [UInt8]) throws(TLSConfigurationError) -> [Certificate] {
        let bio = try memory(pem)
        defer { BIO_free(bio) }
        ERR_clear_error()
        var certificates: [Certificate] = []
        while let x509 = PEM_read_bio_X509(bio, nil, nil, nil) { certificates.append(Certificate(taking: x509)) }
        // Reading ends with this error when nothing is left; any other says that a certificate is broken.
        let ending = OpenSSLError.drain()
        guard ending?.library == ERR_LIB_PEM, ending?.code == PEM_R_NO_START_LINE else {
            let reason = ending?.description ?? "no reason given"
            throw TLSConfigurationError("certificate \(certificates.count + 1) cannot be read: \(reason)")
        }
        guard !certificates.isEmpty else { throw TLSConfigurationError("there is no certificate in PEM form") }
        return certificates
    }

    static func load(_ source: Key) throws(TLSConfigurationError) -> OpaquePointer {
        switch source {
        case .pem(let text): try key(in: text)
        case .uri(let uri): try key(at: uri)
        }
    }

    private static func key(in pem: [UInt8]) throws(TLSConfigurationError) -> OpaquePointer {
        let bio = try memory(pem)
        defer { BIO_free(bio) }
        ERR_clear_error()
        var question = PasswordQuestion()
        let key = withUnsafeMutablePointer(to: &question) { place in
            PEM_read_bio_PrivateKey(
                bio, nil,
                { _, _, _, place in
                    place?.assumingMemoryBound(to: PasswordQuestion.self).pointee.wasAsked = true
                    return -1
                }, place)
        }
        guard let key else {
            let reason = OpenSSLError.drainText()
            guard !question.wasAsked else {
                throw TLSConfigurationError(
                    "the private key is encrypted: give it as a systemd credential, which is encrypted at rest, "
                        + "or by a key store's URI"
                )
            }
            throw TLSConfigurationError("there is no private key in PEM form: \(reason)")
        }
        ERR_clear_error()
        return key
    }

    /// The first private key that the store has under the URI.
    private static func key(at uri: String) throws(TLSConfigurationError) -> OpaquePointer {
        ERR_clear_error()
        guard let store = OSSL_STORE_open(uri, nil, nil, nil, nil) else {
            throw TLSConfigurationError(
                "the key store `\(withoutSecrets(uri))` cannot be opened: \(OpenSSLError.drainText())")
        }
        defer { OSSL_STORE_close(store) }
        OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY)
        while OSSL_STORE_eof(store) == 0 {
            guard let info = OSSL_STORE_load(store) else {
                if OSSL_STORE_error(store) != 0 { break }
                continue
            }
            defer { OSSL_STORE_INFO_free(info) }
            if let key = OSSL_STORE_INFO_get1_PKEY(info) {
                ERR_clear_error()
                return key
            }
        }
        throw TLSConfigurationError(
            "the key store `\(withoutSecrets(uri))` holds no private key: \(OpenSSLError.drainText())")
    }

    /// A PKCS#11 URI may carry its PIN (RFC 7512, section 2.4), which belongs in no message.
    private static func withoutSecrets(_ uri: String) -> Substring { uri.prefix { $0 != "?" } }

    private static func memory(_ bytes: [UInt8]) throws(TLSConfigurationError) -> OpaquePointer {
        // OpenSSL takes a copy through `BIO_write`, so the array's bytes need not outlive the call.
        guard let bio = BIO_new(BIO_s_mem()) else { throw TLSConfigurationError("no memory to read PEM text") }
        var written = 0
        if !bytes.isEmpty, BIO_write_ex(bio, bytes, bytes.count, &written) != 1 {
            BIO_free(bio)
            throw TLSConfigurationError("no memory to read PEM text")
        }
        return bio
    }
}
