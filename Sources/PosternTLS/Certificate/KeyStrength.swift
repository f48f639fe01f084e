import COpenSSL

/// What kind of key a certificate is for, and whether that is enough for today.
package struct KeyStrength: Sendable, Equatable, CustomStringConvertible {
    package enum Algorithm: String, Sendable {
        case rsa = "RSA", ec = "EC", ed25519 = "Ed25519", ed448 = "Ed448", dsa = "DSA", other = "an unknown kind"
    }

    package let algorithm: Algorithm
    /// Of the modulus, the prime or the group's order.
    package let bits: Int

    package init(_ certificate: Certificate) {
        let key = X509_get0_pubkey(certificate.x509)
        algorithm =
            switch key.map({ EVP_PKEY_get_base_id($0) }) {
            case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: .rsa
            case EVP_PKEY_EC: .ec
            case EVP_PKEY_ED25519: .ed25519
            case EVP_PKEY_ED448: .ed448
            case EVP_PKEY_DSA: .dsa
            default: .other
            }
        bits = key.map { Int(EVP_PKEY_get_bits($0)) } ?? 0
    }

    /// CA/Browser Forum Baseline Requirements section 6.1.5 and AWS's rule: RSA from 2,048 bits, EC from 256; the Edwards
    /// curves of RFC 8410 with them.
    package var isEnough: Bool {
        switch algorithm {
        case .rsa: bits >= 2048
        case .ec: bits >= 256
        case .ed25519, .ed448: true
        case .dsa, .other: false
        }
    }

    package var description: String { "\(algorithm.rawValue) of \(bits) bits" }
}
