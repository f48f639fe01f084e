import COpenSSL

/// A question to an OCSP responder about one certificate (RFC 6960 section 4.1), ready to be sent as
/// `application/ocsp-request`.
package struct OCSPRequest: Sendable {
    package let certificate: Certificate
    /// Who issued it; the answer is the issuer's, or of somebody whom it let answer.
    package let issuer: Certificate
    /// Whether the answer must not be an older one that was kept. Responders that answer from a store leave it out.
    package let hasNonce: Bool
    package let der: [UInt8]

    /// The certificate is named by SHA-1 of its issuer, which all responders know (RFC 5019 section 2.1.1); no secret and
    /// no signature depends on it. The nonce has 32 random bytes (RFC 9654 section 2.1).
    package init(certificate: Certificate, issuer: Certificate, hasNonce: Bool = false) {
        self.certificate = certificate
        self.issuer = issuer
        self.hasNonce = hasNonce
        let request = OCSP_REQUEST_new()
        defer {
            OCSP_REQUEST_free(request)
            ERR_clear_error()
        }
        // The request owns the identifier from here on.
        OCSP_request_add0_id(request, OCSP_cert_to_id(EVP_sha1(), certificate.x509, issuer.x509))
        if hasNonce { OCSP_request_add1_nonce(request, nil, 32) }
        der = DER.encode { i2d_OCSP_REQUEST(request, $0) }
    }

    /// Where the certificate says it is answered for (authorityInfoAccess, RFC 5280 section 4.2.2.1), in its order;
    /// what is no `http:` URL of printable ASCII is left out, since a responder over TLS would need an answer itself.
    package static func responders(of certificate: Certificate) -> [String] {
        guard let stack = X509_get1_ocsp(certificate.x509) else {
            ERR_clear_error()
            return []
        }
        defer { X509_email_free(stack) }
        let texts = (0..<min(mostResponders, postern_string_stack_count(stack))).compactMap { index in
            postern_string_stack_at(stack, index).map { String(cString: $0) }
        }
        return texts.filter { text in
            text.utf8.count <= longestURL && text.lowercased().hasPrefix("http://")
                && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
    }

    private static let mostResponders: Int32 = 8
    private static let longestURL = 2048
}
