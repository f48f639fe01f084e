import COpenSSL
import Testing

@testable import PosternTLS
@testable import TestAuthority

extension TestCertificate {
    /// As the program sees it after the wire.
    var certificate: Certificate { Certificate(der: der)! }

    static func root(_ name: String = "root") -> TestCertificate {
        TestCertificate(
            selfSigned: .authority(
                subject: [["CN", name]], notBefore: TestClock.days(-10), notAfter: TestClock.days(10)))
    }

    func client(_ name: String = "client", names: [String] = []) -> TestCertificate {
        issue(
            CertificateRecipe(
                subject: [["CN", name]], notBefore: TestClock.days(-10), notAfter: TestClock.days(10), names: names))
    }

    func intermediate(_ name: String = "intermediate") -> TestCertificate {
        issue(.authority(subject: [["CN", name]], notBefore: TestClock.days(-10), notAfter: TestClock.days(10)))
    }
}

extension TrustAnchor {
    init(_ certificate: TestCertificate, trustDomain: String? = nil) {
        self.init(
            certificate: certificate.certificate, source: CertificateSource(path: "trust.pem", item: 1),
            trustDomain: trustDomain)
    }
}

extension TrustStore {
    convenience init(_ anchors: [TestCertificate], lists: [RevocationList] = [], generation: UInt64 = 1) {
        self.init(anchors: anchors.map { TrustAnchor($0) }, revocationLists: lists, generation: generation)
    }
}

extension RevocationList {
    /// Decoded from DER: OpenSSL reads a list's extensions only then.
    convenience init(_ list: TestRevocationList, path: String = "lists.pem", item: Int = 1) throws {
        let crl = try #require(DER.decode(list.der, with: d2i_X509_CRL, free: X509_CRL_free))
        try self.init(taking: crl, source: CertificateSource(path: path, item: item))
    }
}

extension VerificationOutcome {
    var chain: VerifiedChain? {
        if case .accepted(let chain) = self { chain } else { nil }
    }

    var failure: VerificationFailure? {
        if case .refused(let failure) = self { failure } else { nil }
    }
}
