package import PosternTLS

/// How a listener secures its connections. A change of files or settings makes another one, for connections from then on;
/// those that are open keep theirs, but their callers are looked at again by the new verifier.
package struct ServerTLS: Sendable {
    /// What becomes of an open connection whose caller's certificate has expired or is no longer admitted.
    package enum Invalidation: Sendable {
        case closeAtOnce
        /// Closed when the exchange in flight has ended.
        case closeAfterExchange
        case keep
    }

    package let context: TLSContext
    /// Who looks again at callers of open connections; nil where none are asked for a certificate.
    package let verifier: CertificateVerifier?
    package let whenInvalid: Invalidation
    /// Shared by all loops; nil is without bound.
    package let limiter: HandshakeLimiter?

    package init(
        _ context: TLSContext, verifier: CertificateVerifier?, whenInvalid: Invalidation, limiter: HandshakeLimiter?
    ) {
        self.context = context
        self.verifier = verifier
        self.whenInvalid = whenInvalid
        self.limiter = limiter
    }
}
