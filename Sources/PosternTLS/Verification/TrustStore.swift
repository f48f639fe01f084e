import COpenSSL

/// Which files say whom to trust.
package struct TrustSources: Sendable, Equatable {
    /// The authorities of one SPIFFE trust domain.
    package struct Bundle: Sendable, Equatable {
        /// `example.org`, with or without `spiffe://`.
        package var trustDomain: String
        package var paths: [String]

        package init(trustDomain: String, paths: [String]) {
            self.trustDomain = trustDomain
            self.paths = paths
        }
    }

    /// Files of PEM (or one DER), or directories of such files.
    package var anchors: [String]
    package var revocationLists: [String]
    package var bundles: [Bundle]

    package init(anchors: [String] = [], revocationLists: [String] = [], bundles: [Bundle] = []) {
        self.anchors = anchors
        self.revocationLists = revocationLists
        self.bundles = bundles
    }
}

/// A certificate that chains may end in.
package struct TrustAnchor: Sendable {
    package let certificate: Certificate
    package let source: CertificateSource
    /// The SPIFFE trust domain it speaks for; nil for all names.
    package let trustDomain: String?
}

/// Everything that was wrong with a set of files; the set is not used.
package struct TrustProblems: Error, CustomStringConvertible {
    package let problems: [CertificateFileProblem]
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Whom to trust, as the files said at one moment. Immutable: a change of the files makes another one.
package final class TrustStore: Sendable {
    package let anchors: [TrustAnchor]
    package let revocationLists: [RevocationList]
    /// Counts the sets of one listener or integration, so that a verdict tells which of them it rests on.
    package let generation: UInt64

    /// The same certificate in several files (a directory with hash links) is one anchor; a revocation list likewise.
    package init(anchors: [TrustAnchor], revocationLists: [RevocationList] = [], generation: UInt64) {
        var seen: Set<AnchorKey> = []
        self.anchors = anchors.filter {
            seen.insert(AnchorKey(certificate: Fingerprint(of: $0.certificate.x509), trustDomain: $0.trustDomain))
                .inserted
        }
        self.revocationLists = revocationLists.reduce(into: []) { kept, list in
            if !kept.contains(where: { X509_CRL_match($0.crl, list.crl) == 0 }) { kept.append(list) }
        }
        self.generation = generation
    }

    private struct AnchorKey: Hashable {
        let certificate: Fingerprint
        let trustDomain: String?
    }

    /// The names of the SPIFFE trust domains that have a bundle, sorted.
    package var trustDomains: [String] { Set(anchors.compactMap(\.trustDomain)).sorted() }

    /// Reads all files, or throws all that is wrong with them. Blocks on the file system.
    ///
    /// An expired anchor or list is no problem here: it is refused where it is used, with the words for it, and
    /// `warnings(at:)` tells it. A list whose signature does not match the anchor of its name is one.
    package static func load(_ sources: TrustSources, generation: UInt64) throws(TrustProblems) -> TrustStore {
        var reader = TrustReader()
        for path in sources.anchors { reader.readAnchors(path, trustDomain: nil) }
        for bundle in sources.bundles { reader.readBundle(bundle) }
        for path in sources.revocationLists { reader.readRevocationLists(path) }
        reader.checkSignatures()
        guard reader.problems.isEmpty else { throw TrustProblems(problems: reader.problems) }
        return TrustStore(anchors: reader.anchors, revocationLists: reader.lists, generation: generation)
    }
}
