import COpenSSL

/// One decoded answer, while it is looked at.
struct OCSPReader: ~Copyable {
    private let basic: OpaquePointer

    /// Throws for what is no answer, and for one that says only that there is none.
    init(_ der: [UInt8]) throws(OCSPProblem) {
        guard der.count <= OCSPAnswer.mostBytes else {
            throw OCSPProblem("the OCSP answer has \(der.count) bytes, more than \(OCSPAnswer.mostBytes)")
        }
        guard let response = DER.decode(der, with: d2i_OCSP_RESPONSE, free: OCSP_RESPONSE_free) else {
            throw OCSPProblem("the answer is not OCSP")
        }
        defer {
            OCSP_RESPONSE_free(response)
            ERR_clear_error()
        }
        let status = OCSP_response_status(response)
        guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL else {
            throw OCSPProblem("the OCSP responder answered \(String(cString: OCSP_response_status_str(Int(status))))")
        }
        guard let basic = OCSP_response_get1_basic(response) else {
            throw OCSPProblem("the OCSP answer is of a kind that is not known")
        }
        self.basic = basic
    }

    deinit { OCSP_BASICRESP_free(basic) }

    /// - Parameter request: the request's bytes where it had a nonce.
    func answer(
        about certificate: Certificate, issuer: Certificate, request: [UInt8]?, at now: Int
    ) throws(OCSPProblem) -> OCSPAnswer {
        defer { ERR_clear_error() }
        try checkDigest()
        try checkSigner(issuer, at: now)
        if let request { try checkNonce(request) }
        return try Self.checked(try single(certificate, issuer), at: now)
    }

    private func checkDigest() throws(OCSPProblem) {
        var algorithm: OpaquePointer?
        var digest: Int32 = 0
        X509_ALGOR_get0(&algorithm, nil, nil, OCSP_resp_get0_tbs_sigalg(basic))
        guard OBJ_find_sigid_algs(OBJ_obj2nid(algorithm), &digest, nil) == 1 else {
            throw OCSPProblem("the OCSP answer is signed with an algorithm that is not known")
        }
        guard digest != NID_sha1, digest != NID_md5 else {
            throw OCSPProblem("the signature of the OCSP answer uses a digest that is too weak")
        }
    }

    /// The issuer is the only anchor, so that a responder is the issuer or was signed by it.
    private func checkSigner(_ issuer: Certificate, at now: Int) throws(OCSPProblem) {
        let store = X509_STORE_new()
        let certificates = postern_x509_stack_new()
        defer {
            X509_STORE_free(store)
            postern_x509_stack_free(certificates)
        }
        X509_STORE_add_cert(store, issuer.x509)
        postern_x509_stack_push(certificates, issuer.x509)
        let parameters = X509_STORE_get0_param(store)
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_time(parameters, now)
        X509_VERIFY_PARAM_set_auth_level(parameters, 2)
        guard OCSP_basic_verify(basic, certificates, store, 0) == 1 else {
            let code = postern_error_code()
            let reason = ERR_reason_error_string(code).map { ": " + String(cString: $0) } ?? ""
            throw OCSPProblem("the OCSP answer is not signed by `\(issuer.name)` or in its name\(reason)")
        }
    }

    /// A responder may leave a nonce out (RFC 9654 section 2.1); it may not send another.
    private func checkNonce(_ der: [UInt8]) throws(OCSPProblem) {
        let request = DER.decode(der, with: d2i_OCSP_REQUEST, free: OCSP_REQUEST_free)
        defer { OCSP_REQUEST_free(request) }
        guard OCSP_check_nonce(request, basic) != 0 else { throw OCSPProblem("the OCSP answer has another nonce") }
    }

    private struct Single {
        var status: OCSPAnswer.Status
        var thisUpdate: Int?
        var nextUpdate: Int?
        var hasNextUpdate: Bool
    }

    /// What it says of this certificate, which it may name by SHA-1 or SHA-256 of the issuer.
    private func single(_ certificate: Certificate, _ issuer: Certificate) throws(OCSPProblem) -> Single {
        for digest in [EVP_sha1(), EVP_sha256()] {
            let id = OCSP_cert_to_id(digest, certificate.x509, issuer.x509)
            defer { OCSP_CERTID_free(id) }
            var (status, reason) = (Int32(0), Int32(-1))
            var (revoked, this, next):
                (UnsafeMutablePointer<ASN1_TIME>?, UnsafeMutablePointer<ASN1_TIME>?, UnsafeMutablePointer<ASN1_TIME>?)
            guard OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &this, &next) == 1 else { continue }
            return Single(
                status: Self.status(status, at: CertificateTime.epochSecond(revoked), reason: reason),
                thisUpdate: CertificateTime.epochSecond(this), nextUpdate: CertificateTime.epochSecond(next),
                hasNextUpdate: next != nil)
        }
        throw OCSPProblem("the OCSP answer is not about `\(certificate.name)`")
    }

    private static func status(_ status: Int32, at second: Int?, reason: Int32) -> OCSPAnswer.Status {
        switch status {
        case V_OCSP_CERTSTATUS_GOOD: .good
        case V_OCSP_CERTSTATUS_REVOKED: .revoked(at: second ?? 0, reason: reason < 0 ? nil : Int(reason))
        default: .unknown
        }
    }

    private static func checked(_ single: Single, at now: Int) throws(OCSPProblem) -> OCSPAnswer {
        guard let this = single.thisUpdate, !single.hasNextUpdate || single.nextUpdate != nil else {
            throw OCSPProblem("the dates of the OCSP answer cannot be read")
        }
        guard this <= now + OCSPAnswer.skew else {
            throw OCSPProblem("the OCSP answer is of \(CertificateTime.text(this)), which is yet to come")
        }
        let until = single.nextUpdate ?? this + OCSPAnswer.dayWithoutEnd
        guard until >= this else { throw OCSPProblem("nextUpdate of the OCSP answer is before its thisUpdate") }
        guard now < until + OCSPAnswer.skew else {
            throw OCSPProblem("the OCSP answer expired \(CertificateTime.text(until))")
        }
        return OCSPAnswer(status: single.status, thisUpdate: this, until: until)
    }
}
