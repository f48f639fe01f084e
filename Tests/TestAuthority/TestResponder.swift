import COpenSSL

/// What an OCSP responder says, and how it proves it.
package struct OCSPRecipe: Sendable {
    package enum Status: Int32, Sendable { case good = 0, revoked = 1, unknown = 2 }

    package var status: Status
    package var thisUpdate: Int
    package var nextUpdate: Int?
    /// Of the signature.
    package var digest = "SHA256"
    /// By which the certificate is named.
    package var idDigest = "SHA1"
    /// Reason of a revocation; -1 for none.
    package var reason: Int32 = -1

    package init(_ status: Status, thisUpdate: Int, nextUpdate: Int?) {
        self.status = status
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
    }
}

/// Answers OCSP requests with the key of a test certificate.
package struct TestResponder {
    package let signer: TestCertificate
    package let issuer: TestCertificate

    package init(signer: TestCertificate, issuer: TestCertificate) {
        self.signer = signer
        self.issuer = issuer
    }

    /// - Parameter request: whose nonce is returned, if it has one.
    package func answer(_ recipe: OCSPRecipe, about certificate: TestCertificate, to request: [UInt8]? = nil) -> [UInt8]
    {
        let basic = OCSP_BASICRESP_new()
        defer { OCSP_BASICRESP_free(basic) }
        let id = OCSP_cert_to_id(EVP_get_digestbyname(recipe.idDigest), certificate.x509, issuer.x509)
        let this = ASN1_TIME_set(nil, recipe.thisUpdate)
        let next = recipe.nextUpdate.flatMap { ASN1_TIME_set(nil, $0) }
        defer {
            OCSP_CERTID_free(id)
            ASN1_TIME_free(this)
            ASN1_TIME_free(next)
        }
        let isRevoked = recipe.status == .revoked
        must(
            OCSP_basic_add1_status(
                basic, id, recipe.status.rawValue, recipe.reason, isRevoked ? this : nil, this, next) == nil ? 0 : 1)
        if let request {
            let decoded = request.withUnsafeBufferPointer { buffer in
                var cursor = buffer.baseAddress
                return d2i_OCSP_REQUEST(nil, &cursor, buffer.count)
            }
            must(OCSP_copy_nonce(basic, decoded))
            OCSP_REQUEST_free(decoded)
        }
        must(OCSP_basic_sign(basic, signer.x509, signer.key.key, signer.key.digest(recipe.digest), nil, 0))
        return encoded(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic)
    }

    /// An answer without content: 3 tryLater, 6 unauthorized …
    package func failure(_ status: Int32) -> [UInt8] { encoded(status, nil) }

    private func encoded(_ status: Int32, _ basic: OpaquePointer?) -> [UInt8] {
        let response = OCSP_response_create(status, basic)
        defer { OCSP_RESPONSE_free(response) }
        return der { i2d_OCSP_RESPONSE(response, $0) }
    }
}
