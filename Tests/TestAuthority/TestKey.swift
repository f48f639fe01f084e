import COpenSSL

/// A key pair for tests. P-256 unless a test is about another kind: it is made in microseconds.
package final class TestKey: @unchecked Sendable {
    /// Never changed after `init`; OpenSSL counts references atomically, so threads may share it.
    package let key: OpaquePointer

    package enum Kind: String, Sendable, Decodable {
        case p224, p256, p384, ed25519, rsa1024, rsa2048, dsa2048
    }

    package init(_ kind: Kind = .p256) {
        switch kind {
        case .p224: key = Self.made("EC", group: "P-224")
        case .p256: key = Self.made("EC", group: "P-256")
        case .p384: key = Self.made("EC", group: "P-384")
        case .ed25519: key = Self.made("ED25519")
        case .rsa1024: key = Self.made("RSA", bits: 1024)
        case .rsa2048: key = Self.made("RSA", bits: 2048)
        case .dsa2048: key = Self.dsa()
        }
    }

    deinit { EVP_PKEY_free(key) }

    /// PKCS #8, not encrypted.
    package var pem: String { text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) } }

    /// Ed25519 and Ed448 bring their digest along.
    func digest(_ name: String) -> OpaquePointer? {
        EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nil : EVP_get_digestbyname(name)
    }

    private static func made(_ algorithm: String, group: String? = nil, bits: Int32? = nil) -> OpaquePointer {
        let context = EVP_PKEY_CTX_new_from_name(nil, algorithm, nil)
        defer { EVP_PKEY_CTX_free(context) }
        must(EVP_PKEY_keygen_init(context))
        if let group { must(EVP_PKEY_CTX_set_group_name(context, group)) }
        if let bits { must(EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits)) }
        var key: OpaquePointer?
        must(EVP_PKEY_generate(context, &key))
        return key!
    }

    /// From parameters made beforehand, which takes seconds; they are no secret.
    private static func dsa() -> OpaquePointer {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        must(BIO_write(bio, dsaParameters, Int32(dsaParameters.utf8.count)))
        let parameters = PEM_read_bio_Parameters(bio, nil)
        defer { EVP_PKEY_free(parameters) }
        let context = EVP_PKEY_CTX_new_from_pkey(nil, parameters, nil)
        defer { EVP_PKEY_CTX_free(context) }
        must(EVP_PKEY_keygen_init(context))
        var key: OpaquePointer?
        must(EVP_PKEY_keygen(context, &key))
        return key!
    }
}

/// `openssl dsaparam 2048`
private let dsaParameters = """
    -----BEGIN DSA PARAMETERS-----
    MIICKAKCAQEAwRE34f46g/F38g88qQ+vH1iSmje8MAyrQBfJuzKsmtBrviMdiW/F
    udZgSeuQsyEG5lJM/KG/TT0RvOwFk3VC+huxYCqsfc3F8uMnxSke/Mc3DxAqexWY
    xlMsz7+t6Eba/7TFxy1852BTtY1R3MYbAvVUkITJK3DQ/KevOzMLgn3xtula0LDp
    8KdPfKL0hGcalTAHaz89WAaTqRTSNo14kst5agz6+F24pluYU/Q9NhYneilP8uXp
    0vUaYgx8uH1wdyAchnoADlBBkkbEo1AEtILMN4HtS6NmRWIirdQaQTpmIBHdmUjA
    yjeIZmZEMeI88Fqapx2lUsD6w0zTLyUvkwIdAIoGcsd93XmILwYCmA/3oovGk0ZT
    mqDv10DymlcCggEAJqN6vvMtfcT95nw/M9TKa02dKptKQOjlDWCWUpDhk1lpFt5z
    iatYmDEwlAWFgyFmODNVh4icvyrWyDc7bJKz5raE0OZwG9Z/4Kha3ruYJEp0e5ut
    NUyfyhOgLTlia5IowlVHV/gztMWj61o6ha2zQsFt1aK4pUmDJlN4cyiZtYXdhVpx
    CDbta3QsPGuYCzD4xOKXsXp3bHZPJIbUUMOjrH3WNHAWmgdLoiqN37ovDT9Hyzag
    Khk9BZ0BNmoi2m06wci97tpsVBo/GD368aDxMrhpbrAJx1t/syMEDnnCXaZeK2qG
    pLCa4AJqhxt4Zusj2DxqUlAAdmauPi/r1mme1Q==
    -----END DSA PARAMETERS-----
    """

/// Ends the test run with OpenSSL's reason: a recipe that cannot be made is a mistake of the test.
func must(_ result: Int32, _ what: @autoclosure () -> String = "OpenSSL refused") {
    guard result <= 0 else { return }
    var text = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(ERR_get_error(), &text, text.count)
    let reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    fatalError("\(what()): \(reason)")
}

/// What OpenSSL writes into memory.
func text(_ write: (OpaquePointer) -> Int32) -> String {
    let bio = BIO_new(BIO_s_mem())!
    defer { BIO_free(bio) }
    must(write(bio))
    var bytes: UnsafeMutablePointer<CChar>?
    let count = postern_bio_bytes(bio, &bytes)
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
}

/// What an `i2d` function writes.
func der(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
    let count = Int(write(nil))
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        var cursor = buffer.baseAddress
        initialized = Int(write(&cursor))
    }
}
