import COpenSSL

/// Gathers what a set of files holds, and everything that is wrong with it.
struct TrustReader {
    private(set) var anchors: [TrustAnchor] = []
    private(set) var lists: [RevocationList] = []
    private(set) var problems: [CertificateFileProblem] = []

    mutating func readAnchors(_ path: String, trustDomain: String?) {
        for file in files(path) {
            for (item, certificate) in CertificateFile.certificates(at: file, into: &problems) {
                let source = CertificateSource(path: file, item: item)
                if let reason = Self.unusable(certificate) {
                    problems.append(.init(path: file, item: item, reason: reason))
                } else {
                    anchors.append(TrustAnchor(certificate: certificate, source: source, trustDomain: trustDomain))
                }
            }
        }
    }

    mutating func readBundle(_ bundle: TrustSources.Bundle) {
        do {
            let domain = try SPIFFEID.trustDomain(bundle.trustDomain)
            for path in bundle.paths { readAnchors(path, trustDomain: domain) }
        } catch {
            problems.append(.init(path: bundle.paths.first ?? "", reason: error.description))
        }
    }

    mutating func readRevocationLists(_ path: String) {
        for file in files(path) {
            for (item, crl) in CertificateFile.revocationLists(at: file, into: &problems) {
                do {
                    lists.append(try RevocationList(taking: crl, source: CertificateSource(path: file, item: item)))
                } catch {
                    problems.append(.init(path: file, item: item, reason: error.reason))
                }
            }
        }
    }

    /// A list in an anchor's name that the anchor never signed would be refused at every handshake.
    mutating func checkSignatures() {
        for list in lists {
            let authorities = anchors.filter { list.isIssued(by: $0.certificate) }
            guard !authorities.isEmpty, !authorities.contains(where: { list.isSigned(by: $0.certificate) }) else {
                continue
            }
            problems.append(
                .init(
                    path: list.source.path, item: list.source.item,
                    reason: "its signature is not that of `\(list.issuer)` in the trust store"))
        }
    }

    private mutating func files(_ path: String) -> [String] {
        do {
            guard let files = try FileBytes.files(inDirectory: path) else { return [path] }
            if files.isEmpty { problems.append(.init(path: path, reason: "the directory has no files")) }
            return files
        } catch {
            problems.append(.init(path: path, reason: error.reason))
            return []
        }
    }

    private static func unusable(_ certificate: Certificate) -> String? {
        if certificate.subject == nil { return "its subject is not text in UTF-8" }
        if X509_get0_pubkey(certificate.x509) == nil {
            ERR_clear_error()
            return "its public key cannot be read"
        }
        return nil
    }
}
