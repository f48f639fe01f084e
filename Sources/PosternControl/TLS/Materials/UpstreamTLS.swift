package import PosternModel
package import PosternTLS

/// What secures connections with one profile, read, checked and ready; immutable but for the sessions kept.
package final class UpstreamTLS: Sendable {
    package let profile: UpstreamTLSProfile
    /// Of the set in which it last changed.
    package let generation: Int
    package let context: TLSContext
    /// nil: no certificate is presented.
    package let credential: LoadedCredential?
    package let trust: TrustStore
    package let verifier: CertificateVerifier
    /// What its files held.
    let snapshot: MaterialSnapshot

    init(
        profile: UpstreamTLSProfile, generation: Int, context: TLSContext, credential: LoadedCredential?,
        trust: TrustStore, verifier: CertificateVerifier, snapshot: MaterialSnapshot
    ) {
        self.profile = profile
        self.generation = generation
        self.context = context
        self.credential = credential
        self.trust = trust
        self.verifier = verifier
        self.snapshot = snapshot
    }
}
