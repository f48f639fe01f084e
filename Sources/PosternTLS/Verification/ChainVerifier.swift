import COpenSSL

/// A chain that a `ChainVerifier` accepted, and how long that may be remembered.
package struct VerifiedChain: Sendable {
    /// What policy, variables and logs know of the peer.
    package let identity: CertificateIdentity
    /// Leaf first, anchor last.
    package let certificates: [Certificate]
    /// Where the anchor was read; nil if none was asked for (`insecureSkipVerification`).
    package let anchor: TrustAnchor?
    /// The second of the check.
    package let verifiedAt: Int
    /// The earliest notAfter in the chain. OpenSSL counts that second itself as past, against RFC 5280 section 4.1.2.5.
    package let notAfter: Int
    /// The earliest second at which a revocation list that spoke for it becomes stale, or one that is there comes into
    /// force; `.max` if there is none.
    package let nextUpdate: Int
    /// Of the trust store.
    package let generation: UInt64

    /// Only the verifier makes one: to hold it is to have been believed.
    fileprivate init(
        identity: CertificateIdentity, certificates: [Certificate], anchor: TrustAnchor?, verifiedAt: Int,
        nextUpdate: Int, generation: UInt64
    ) {
        self.identity = identity
        self.certificates = certificates
        self.anchor = anchor
        self.verifiedAt = verifiedAt
        self.notAfter = certificates.map(\.notAfter).min() ?? .min
        self.nextUpdate = nextUpdate
        self.generation = generation
    }
}

package enum VerificationOutcome: Sendable {
    case accepted(VerifiedChain)
    case refused(VerificationFailure)
}

/// Decides whether a chain of certificates proves an identity: RFC 5280 path validation by OpenSSL against one trust
/// store, then our own rules (key strength, SPIFFE, delta lists).
///
/// Pure: the same chain, trust and second give the same answer. Costs a signature check for each certificate and list;
/// `VerifiedChainCache` remembers. Any thread may use it.
package final class ChainVerifier: Sendable {
    package let trust: TrustStore
    package let settings: VerificationSettings
    private let anchors: AnchorSet
    private let domains: [String: AnchorSet]

    package init(trust: TrustStore, settings: VerificationSettings) {
        self.trust = trust
        self.settings = settings
        let set = { (domain: String?) in
            AnchorSet(
                anchors: trust.anchors.filter { $0.trustDomain == domain }, revocationLists: trust.revocationLists,
                settings: settings)
        }
        anchors = set(nil)
        domains =
            settings.requiresSPIFFE
            ? Dictionary(uniqueKeysWithValues: trust.trustDomains.map { ($0, set($0)) }) : [:]
    }

    /// - Parameters:
    ///   - presented: what the peer sent, the leaf first; never empty. The rest in any order.
    ///   - now: seconds since 1970.
    ///   - peer: whom the leaf must name, if that is known.
    package func verify(
        _ presented: [Certificate], at now: Int, expecting peer: ExpectedPeer? = nil
    ) -> VerificationOutcome {
        do {
            return .accepted(try accept(presented, at: now, expecting: peer))
        } catch {
            return .refused(error)
        }
    }

    /// Looks again at a chain that was accepted earlier, perhaps by another verifier: for live connections and resumed
    /// sessions after the trust store, a revocation list or the hour changed.
    ///
    /// The intermediates of the chain stand for what the peer sent; the anchor must be found in this trust store.
    package func verifyAgain(
        _ chain: VerifiedChain, at now: Int, expecting peer: ExpectedPeer? = nil
    ) -> VerificationOutcome {
        verify(chain.certificates, at: now, expecting: peer)
    }

    private func accept(
        _ presented: [Certificate], at now: Int, expecting peer: ExpectedPeer?
    ) throws(VerificationFailure) -> VerifiedChain {
        let leaf = presented[0]
        guard presented.count <= settings.mostPresented else {
            throw VerificationFailure(
                code: X509_V_ERR_CERT_CHAIN_TOO_LONG, depth: 0, subject: leaf.name, alert: .unknownCA,
                reason: "\(presented.count) certificates were sent, more than \(settings.mostPresented)")
        }
        let set = try anchorSet(for: leaf)
        let check = Check(set, presented: presented, at: now)
        if let peer, !check.expect(peer) {
            throw VerificationFailure(
                depth: 0, subject: leaf.name, alert: .internalError,
                reason: "`\(peer.description)` is no name that a certificate can be compared with")
        }
        if let failure = check.run(settings, lists: trust.revocationLists) {
            throw VerificationRules.explained(failure, leaf: leaf, expecting: peer)
        }
        let chain = check.chain
        let identity = try identity(of: chain)
        let rules = VerificationRules(settings: settings, lists: trust.revocationLists, now: now)
        // A list that is there and not yet in force changes the answer too.
        let pending = trust.revocationLists.lazy.map(\.thisUpdate).filter { $0 > now }.min() ?? .max
        let nextUpdate = min(pending, try rules.check(chain, identity: identity, expecting: peer))
        return VerifiedChain(
            identity: identity, certificates: chain, anchor: chain.last.flatMap { set.anchor($0) }, verifiedAt: now,
            nextUpdate: nextUpdate, generation: trust.generation)
    }

    private func identity(of chain: [Certificate]) throws(VerificationFailure) -> CertificateIdentity {
        do throws(IdentityProblem) {
            return try CertificateIdentity(chain)
        } catch {
            throw VerificationFailure(
                depth: 0, subject: chain[0].name, alert: .badCertificate,
                reason: "the certificate `\(chain[0].name)` names nobody: \(error.description)")
        }
    }

    /// Which anchors may speak for this peer.
    private func anchorSet(for leaf: Certificate) throws(VerificationFailure) -> AnchorSet {
        guard settings.requiresSPIFFE else { return anchors }
        let id: SPIFFEID
        do throws(IdentityProblem) {
            let names = try SubjectAlternativeNames(of: leaf.x509)
            guard let found = try X509SVID.leafID(of: leaf.x509, names: names) else {
                throw IdentityProblem("no URI among its names")
            }
            id = found
        } catch {
            throw VerificationFailure(
                depth: 0, subject: leaf.name, alert: .badCertificate,
                reason: "`\(leaf.name)` is no X.509-SVID: \(error.description)")
        }
        guard let set = domains[id.trustDomain] else {
            throw VerificationFailure(
                depth: 0, subject: leaf.name, alert: .unknownCA,
                reason: "no bundle for the trust domain of `\(id.text)` is configured")
        }
        return set
    }
}
