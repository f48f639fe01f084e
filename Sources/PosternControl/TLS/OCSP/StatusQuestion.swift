import PosternModel
import PosternTLS

/// Whether one certificate has been revoked by its issuer.
struct StatusQuestion: Sendable {
    let key: StatusCache.Key
    let certificate: Certificate
    let issuer: Certificate

    init(certificate: Certificate, issuer: Certificate) {
        self.certificate = certificate
        self.issuer = issuer
        key = StatusCache.Key(certificate: certificate.fingerprint, issuer: issuer.fingerprint)
    }

    /// Without a nonce: responders that sign beforehand could not answer, and what we keep we keep by its dates.
    var request: OCSPRequest { OCSPRequest(certificate: certificate, issuer: issuer) }

    /// Who answers for the certificate, as it says itself.
    var responders: [ResponderURL] { OCSPRequest.responders(of: certificate).compactMap { try? ResponderURL($0) } }

    /// What an answer says, once it is proven, and until when (seconds since 1970).
    func read(
        _ bytes: [UInt8], to request: OCSPRequest, from responder: ResponderURL, at now: Int
    ) -> (status: CertificateStatus, until: Int?) {
        do throws(OCSPProblem) {
            let answer = try OCSPAnswer.read(bytes, to: request, at: now)
            switch answer.status {
            case .good: return (.good, answer.until)
            case .unknown: return (.unknown, answer.until)
            case .revoked(let second, let reason):
                let why = reason.flatMap(Self.reason).map { " (\($0))" } ?? ""
                return (.revoked(" at \(TimeText.text(second))\(why)"), answer.until)
            }
        } catch {
            return (.unavailable("\(error.description) (from `\(responder)`)"), nil)
        }
    }

    /// RFC 5280, section 5.3.1.
    private static func reason(_ code: Int) -> String? {
        let names = [
            1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
            5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn",
            10: "aACompromise",
        ]
        return names[code]
    }
}
