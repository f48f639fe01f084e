import COpenSSL

/// What an OCSP responder said of one certificate, once its word was proven.
package struct OCSPAnswer: Sendable, Equatable {
    package enum Status: Sendable, Equatable {
        case good
        /// Since when, in seconds since 1970, and why (RFC 5280 section 5.3.1), if it says so.
        case revoked(at: Int, reason: Int?)
        /// The responder does not know the certificate.
        case unknown
    }

    package let status: Status
    /// Seconds since 1970: when this was known to be so.
    package let thisUpdate: Int
    /// The answer may be used before this second: nextUpdate, or a day after thisUpdate where the responder always has
    /// newer word.
    package let until: Int
}

/// Why an answer of a responder counts for nothing.
package struct OCSPProblem: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

extension OCSPAnswer {
    /// More than any answer about one certificate, its responder's certificate included.
    package static let mostBytes = 65_536
    /// Seconds by which the responder's clock may differ from ours.
    static let skew = 300
    /// How long an answer without nextUpdate is used, in seconds.
    static let dayWithoutEnd = 86_400

    /// Reads an answer (`application/ocsp-response`) and proves it, by RFC 6960 section 3.2: it is about this
    /// certificate; signed by the issuer, or by a certificate that the issuer itself signed for that (id-kp-OCSPSigning);
    /// with SHA-256 or better; its time is now; its nonce is ours if it has one.
    ///
    /// Whether the responder's own certificate was revoked is not asked (id-pkix-ocsp-nocheck is the rule).
    ///
    /// - Parameter now: seconds since 1970.
    package static func read(_ der: [UInt8], to request: OCSPRequest, at now: Int) throws(OCSPProblem) -> OCSPAnswer {
        try OCSPReader(der).answer(
            about: request.certificate, issuer: request.issuer, request: request.hasNonce ? request.der : nil, at: now)
    }

    /// The same for an answer that came without being asked for, as a staple (RFC 6066 section 8).
    package static func readStaple(
        _ der: [UInt8], about certificate: Certificate, issuer: Certificate, at now: Int
    ) throws(OCSPProblem) -> OCSPAnswer {
        try OCSPReader(der).answer(about: certificate, issuer: issuer, request: nil, at: now)
    }
}
