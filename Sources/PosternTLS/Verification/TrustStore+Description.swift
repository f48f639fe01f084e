/// One line of `postern certs` about a trust store.
package struct TrustEntry: Sendable, Equatable {
    package enum Kind: String, Sendable { case anchor, revocationList = "revocation list", deltaList = "delta list" }

    package let kind: Kind
    /// Subject of an anchor, issuer of a list; RFC 4514.
    package let name: String
    package let source: CertificateSource
    package let trustDomain: String?
    /// notBefore or thisUpdate, seconds since 1970.
    package let from: Int
    /// notAfter or nextUpdate.
    package let until: Int
    /// SHA-256 of an anchor, cRLNumber of a list.
    package let mark: String?
    /// Entries of a list; nil for an anchor.
    package let revoked: Int?

    /// What an operator must know at this second; nil if all is well.
    package func warning(at now: Int) -> String? {
        let subject = "the \(kind.rawValue) `\(name)` in \(source)"
        if now < from { return "\(subject) is not valid before \(CertificateTime.text(from))" }
        if now >= until { return "\(subject) expired \(CertificateTime.text(until))" }
        return nil
    }
}

extension TrustStore {
    /// What it holds, in the order of the files.
    package var entries: [TrustEntry] {
        anchors.map { anchor in
            TrustEntry(
                kind: .anchor, name: anchor.certificate.name, source: anchor.source, trustDomain: anchor.trustDomain,
                from: anchor.certificate.notBefore, until: anchor.certificate.notAfter,
                mark: anchor.certificate.fingerprint.text, revoked: nil)
        }
            + revocationLists.map { list in
                TrustEntry(
                    kind: list.isDelta ? .deltaList : .revocationList, name: list.issuer, source: list.source,
                    trustDomain: nil, from: list.thisUpdate, until: list.nextUpdate, mark: list.number,
                    revoked: list.count)
            }
    }

    /// Expired and not yet valid anchors and lists, one line each.
    package func warnings(at now: Int) -> [String] { entries.compactMap { $0.warning(at: now) } }
}
