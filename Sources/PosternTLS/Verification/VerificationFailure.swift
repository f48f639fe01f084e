import COpenSSL

/// Why a chain was refused.
package struct VerificationFailure: Error, Equatable, Sendable {
    /// `X509_V_ERR_…`; 0 where a rule of ours decided that OpenSSL does not have.
    package let code: Int32
    /// 0 is the leaf, counting towards the anchor.
    package let depth: Int
    /// RFC 4514, of the certificate at `depth`.
    package let subject: String
    /// For the operator, in our words: names the certificate, the date, the file.
    package let reason: String
    /// What the peer is told.
    package let alert: TLSAlert

    init(code: Int32 = 0, depth: Int, subject: String, alert: TLSAlert, reason: String) {
        self.code = code
        self.depth = depth
        self.subject = subject
        self.alert = alert
        self.reason = reason
    }

    package var refusal: PeerRefusal { PeerRefusal(alert: alert, code: code, reason: reason) }
}

extension TLSAlert {
    /// The alert for an error of OpenSSL's verifier, by the definitions of RFC 8446 section 6.2.
    ///
    /// Differs from OpenSSL's table where that misleads the peer: a missing or stale revocation list is our lack, not an
    /// unknown authority or an expired certificate (`certificate_unknown`); a wrong signature is `bad_certificate`.
    init(verifyError code: Int32) {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .certificateExpired
        case X509_V_ERR_CERT_REVOKED: self = .certificateRevoked
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_CHAIN_TOO_LONG, X509_V_ERR_INVALID_CA,
            X509_V_ERR_PATH_LENGTH_EXCEEDED:
            self = .unknownCA
        case X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, X509_V_ERR_UNSUPPORTED_NAME_SYNTAX,
            X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM,
            X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE:
            self = .unsupportedCertificate
        case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
            X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,
            X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
            X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, X509_V_ERR_DIFFERENT_CRL_SCOPE,
            X509_V_ERR_CRL_PATH_VALIDATION_ERROR, X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD,
            X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
            self = .certificateUnknown
        case X509_V_ERR_OUT_OF_MEM, X509_V_ERR_UNSPECIFIED, X509_V_ERR_STORE_LOOKUP, X509_V_ERR_INVALID_CALL:
            self = .internalError
        default: self = .badCertificate
        }
    }
}
