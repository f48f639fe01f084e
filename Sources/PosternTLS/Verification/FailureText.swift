import COpenSSL

/// What OpenSSL's verifier found, in words that name the certificate, the date and the file.
struct FailureText {
    let code: Int32
    let certificate: Certificate?
    /// The revocation list at fault, where one is.
    let list: RevocationList?

    private var name: String { certificate.map { "`\($0.name)`" } ?? "the certificate" }
    private var issuer: String {
        guard let certificate else { return "its issuer" }
        return "`\(DistinguishedName.text(X509_get_issuer_name(certificate.x509)) ?? "(unreadable issuer)")`"
    }

    var text: String { validity ?? authority ?? content ?? revocation ?? other }

    private var validity: String? {
        guard let certificate else { return nil }
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: return "\(name) expired \(CertificateTime.text(certificate.notAfter))"
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "\(name) is not valid before \(CertificateTime.text(certificate.notBefore))"
        case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD: return "notBefore of \(name) cannot be read"
        case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD: return "notAfter of \(name) cannot be read"
        default: return nil
        }
    }

    private var authority: String? {
        switch code {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "\(name) was issued by \(issuer), which is neither in the trust store nor sent along"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return "\(name) is self-signed and not in the trust store"
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return "the chain ends in the self-signed \(name), which is not in the trust store"
        case X509_V_ERR_CERT_CHAIN_TOO_LONG: return "the chain has more intermediate certificates than are allowed"
        case X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
            return "the signature of \(name) is not that of \(issuer)"
        case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: return "the public key of \(name) cannot be read"
        case X509_V_ERR_INVALID_CA, X509_V_ERR_INVALID_NON_CA:
            return "\(name) signed a certificate and is not an authority"
        case X509_V_ERR_PATH_LENGTH_EXCEEDED: return "pathLenConstraint of \(name) allows fewer authorities below it"
        case X509_V_ERR_KEYUSAGE_NO_CERTSIGN: return "keyUsage of \(name) does not let it sign certificates"
        case X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_CERT_REJECTED: return "\(name) is not trusted for this purpose"
        default: return nil
        }
    }

    private var content: String? {
        switch code {
        case X509_V_ERR_INVALID_PURPOSE:
            return "keyUsage or extendedKeyUsage of \(name) does not allow it to be used this way"
        case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION: return "\(name) has a critical extension that is not understood"
        case X509_V_ERR_PERMITTED_VIOLATION:
            return "a name of \(name) is outside of what an authority above it may sign"
        case X509_V_ERR_EXCLUDED_VIOLATION: return "a name of \(name) is one that an authority above it may not sign"
        case X509_V_ERR_SUBTREE_MINMAX, X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,
            X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
            return "nameConstraints above \(name) cannot be applied to its names: \(openSSL)"
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL:
            return "the key of \(name) is too weak" + (certificate.map { ": \(KeyStrength($0).description)" } ?? "")
        case X509_V_ERR_CA_MD_TOO_WEAK: return "the signature of \(name) uses a digest that is too weak"
        case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS: return "the key of \(name) spells its curve out instead of naming it"
        case X509_V_ERR_CA_BCONS_NOT_CRITICAL: return "basicConstraints of \(name) is not critical"
        case X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER: return "\(name) has no authorityKeyIdentifier"
        case X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER: return "\(name) has no subjectKeyIdentifier"
        case X509_V_ERR_CA_CERT_MISSING_KEY_USAGE: return "the authority \(name) has no keyUsage"
        case X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL:
            return "\(name) has no subject, and its subjectAltName is not critical"
        case X509_V_ERR_INVALID_EXTENSION: return "an extension of \(name) is invalid or inconsistent"
        default: return nil
        }
    }

    private var revocation: String? {
        let of = list.map { "`\($0.issuer)`" } ?? issuer
        let file = list.map { "; file \($0.source)" } ?? ""
        let kind = list?.isDelta == true ? "delta CRL" : "CRL"
        switch code {
        case X509_V_ERR_CERT_REVOKED: return "\(name) was revoked by \(of)\(file)"
        case X509_V_ERR_UNABLE_TO_GET_CRL: return "no CRL of \(issuer) that covers \(name) is in the trust store"
        case X509_V_ERR_CRL_HAS_EXPIRED:
            let date = list.map { " \(CertificateTime.text($0.nextUpdate))" } ?? ""
            return "the \(kind) of \(of) expired\(date)\(file)"
        case X509_V_ERR_CRL_NOT_YET_VALID:
            let date = list.map { " before \(CertificateTime.text($0.thisUpdate))" } ?? " yet"
            return "the \(kind) of \(of) is not valid\(date)\(file)"
        case X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
            return "the signature of the \(kind) of \(of) is wrong\(file)"
        case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER: return "the issuer of the \(kind) of \(of) is not in the chain\(file)"
        case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN: return "keyUsage of \(of) does not let it sign CRLs\(file)"
        case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
            return "the \(kind) of \(of) has a critical extension that is not understood\(file)"
        case X509_V_ERR_DIFFERENT_CRL_SCOPE: return "the \(kind) of \(of) does not cover \(name)\(file)"
        default: return nil
        }
    }

    private var other: String { "\(name) is refused: \(openSSL)" }

    /// OpenSSL's own phrase.
    private var openSSL: String { String(cString: X509_verify_cert_error_string(Int(code))).lowercased() }
}
