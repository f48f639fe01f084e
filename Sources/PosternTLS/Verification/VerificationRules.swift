import COpenSSL

/// What is asked of a chain beyond OpenSSL's path validation.
struct VerificationRules {
    let settings: VerificationSettings
    let lists: [RevocationList]
    /// Seconds since 1970.
    let now: Int

    /// Returns the second at which the first list that speaks for the chain becomes stale.
    func check(
        _ chain: [Certificate], identity: CertificateIdentity, expecting peer: ExpectedPeer?
    ) throws(VerificationFailure) -> Int {
        for (depth, certificate) in chain.enumerated() { try checkStrength(of: certificate, depth: depth) }
        if settings.requiresSPIFFE, let leaf = identity.spiffeID { try checkSigners(chain, of: leaf) }
        if case .workload(let id) = peer, identity.spiffeID != id {
            throw Self.mismatch(identity.leaf, identity.names, peer: id.text)
        }
        guard settings.revocation != .off else { return .max }
        var nextUpdate = Int.max
        for (depth, issuer) in chain.enumerated().dropFirst() {
            nextUpdate = min(nextUpdate, try checkLists(of: issuer, subject: chain[depth - 1], depth: depth - 1))
        }
        return nextUpdate
    }

    /// OpenSSL's level 2 lets curves of 224 bits and DSA pass.
    private func checkStrength(of certificate: Certificate, depth: Int) throws(VerificationFailure) {
        guard settings.securityLevel >= 2, !KeyStrength(certificate).isEnough else { return }
        let code = depth == 0 ? X509_V_ERR_EE_KEY_TOO_SMALL : X509_V_ERR_CA_KEY_TOO_SMALL
        throw VerificationFailure(
            code: code, depth: depth, subject: certificate.name, alert: TLSAlert(verifyError: code),
            reason: FailureText(code: code, certificate: certificate, list: nil).text)
    }

    private func checkSigners(_ chain: [Certificate], of leaf: SPIFFEID) throws(VerificationFailure) {
        for (depth, signer) in chain.enumerated().dropFirst() {
            do throws(IdentityProblem) {
                try X509SVID.checkSigner(signer.x509, of: leaf)
            } catch {
                throw VerificationFailure(
                    depth: depth, subject: signer.name, alert: .badCertificate,
                    reason: "`\(signer.name)` may not sign X.509-SVIDs: \(error.description)")
            }
        }
    }

    /// Delta lists (RFC 5280 section 5.2.4), which OpenSSL passes over unless certificate or base name them in
    /// freshestCRL, and whose age it never looks at: a delta newer than every base revokes what it lists, and where the
    /// newest list is a delta whose time is over the base alone would miss what was revoked since.
    ///
    /// What a delta takes back (removeFromCRL) is left to OpenSSL, so that it needs freshestCRL.
    private func checkLists(
        of issuer: Certificate, subject: Certificate, depth: Int
    ) throws(VerificationFailure) -> Int {
        let issued = lists.filter { $0.isIssued(by: issuer) }
        let refusal = { (code: Int32, list: RevocationList) in
            VerificationFailure(
                code: code, depth: depth, subject: subject.name, alert: TLSAlert(verifyError: code),
                reason: FailureText(code: code, certificate: subject, list: list).text)
        }
        if let newest = issued.max(by: { $1.isNewer(than: $0) }), newest.isDelta, newest.nextUpdate <= now {
            throw refusal(X509_V_ERR_CRL_HAS_EXPIRED, newest)
        }
        let bases = issued.filter { !$0.isDelta }
        for delta in issued where delta.isDelta && delta.isCurrent(at: now) && bases.allSatisfy(delta.isNewer) {
            guard delta.isSigned(by: issuer) else { throw refusal(X509_V_ERR_CRL_SIGNATURE_FAILURE, delta) }
            if delta.revokes(subject) { throw refusal(X509_V_ERR_CERT_REVOKED, delta) }
        }
        return issued.filter { $0.isCurrent(at: now) }.map(\.nextUpdate).min() ?? .max
    }

    /// OpenSSL says only that the name does not match; the operator needs to see both sides.
    static func explained(
        _ failure: VerificationFailure, leaf: Certificate, expecting peer: ExpectedPeer?
    ) -> VerificationFailure {
        switch failure.code {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            let names = (try? SubjectAlternativeNames(of: leaf.x509)) ?? SubjectAlternativeNames()
            return mismatch(leaf, names, peer: peer?.description ?? "", code: failure.code)
        default: return failure
        }
    }

    private static func mismatch(
        _ leaf: Certificate, _ names: SubjectAlternativeNames, peer: String, code: Int32 = 0
    ) -> VerificationFailure {
        let all = names.dns + names.ip + names.uri
        let shown = all.prefix(8).map { "`\($0)`" }.joined(separator: ", ") + (all.count > 8 ? ", …" : "")
        return VerificationFailure(
            code: code, depth: 0, subject: leaf.name, alert: .badCertificate,
            reason: "the certificate is not for `\(peer)`, but for " + (all.isEmpty ? "no name at all" : shown))
    }
}
