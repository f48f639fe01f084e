import COpenSSL
import Synchronization

/// Why a certificate cannot name anybody, in our words.
package struct IdentityProblem: Error, Equatable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// Who a peer is, as its certificate says: parsed once at the handshake, then read by policy, variables, logs and the
/// fields sent to an integration.
///
/// Says nothing about trust; only `VerifiedChain` does. Everything in it is text without control characters.
package final class CertificateIdentity: Sendable {
    /// SHA-256 of the leaf's DER form, 64 lower-case hexadecimal digits.
    package let fingerprint: String
    /// SHA-256 over the SHA-256 of each certificate of the chain, leaf first, anchor last; the same digits.
    package let chainFingerprint: String
    /// RFC 4514; empty where the certificate has none.
    package let subject: String
    package let issuer: String
    package let serial: CertificateSerial
    /// `serial` in lower-case hexadecimal.
    package let serialNumber: String
    package let names: SubjectAlternativeNames
    /// Of an X.509-SVID; nil if the certificate is none.
    package let spiffeID: SPIFFEID?
    /// Why a certificate with URI names is no X.509-SVID; nil if it is one, or has no such name.
    package let spiffeProblem: IdentityProblem?
    /// First and last second of validity, since 1970.
    package let notBefore: Int
    package let notAfter: Int
    package let leaf: Certificate

    private let text = Mutex<String?>(nil)

    /// `chain`: the leaf first, never empty. Throws if the leaf holds a name that cannot be told apart from another when
    /// it is shown: not UTF-8, control characters, too long or too many.
    package init(_ chain: [Certificate]) throws(IdentityProblem) {
        let leaf = chain[0]
        let x509 = leaf.x509
        guard let subject = leaf.subject else { throw IdentityProblem("the subject is not text in UTF-8") }
        guard let issuer = DistinguishedName.text(X509_get_issuer_name(x509)) else {
            throw IdentityProblem("the issuer is not text in UTF-8")
        }
        guard let serial = CertificateSerial(X509_get0_serialNumber(x509)) else {
            throw IdentityProblem("the serial number has more than \(CertificateSerial.mostBytes) bytes")
        }
        guard let notBefore = CertificateTime.epochSecond(X509_get0_notBefore(x509)),
            let notAfter = CertificateTime.epochSecond(X509_get0_notAfter(x509))
        else { throw IdentityProblem("the validity cannot be read") }
        let names = try SubjectAlternativeNames(of: x509)
        (spiffeID, spiffeProblem) = Self.workload(x509, names)
        self.leaf = leaf
        self.subject = subject
        self.issuer = issuer
        self.serial = serial
        self.serialNumber = serial.hexadecimal
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
        fingerprint = leaf.fingerprint.text
        chainFingerprint = Fingerprint(of: chain).text
    }

    /// The leaf in PEM, line breaks kept: written when first asked for.
    package var pem: String {
        text.withLock { text in
            if let text { return text }
            let written = leaf.pem
            text = written
            return written
        }
    }

    private static func workload(
        _ x509: OpaquePointer, _ names: SubjectAlternativeNames
    ) -> (SPIFFEID?, IdentityProblem?) {
        do {
            return (try X509SVID.leafID(of: x509, names: names), nil)
        } catch {
            return (nil, error)
        }
    }
}
