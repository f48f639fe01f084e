package import PosternTLS

/// A listener's certificates, trust and rules, read, checked and ready to serve; immutable but for staples and sessions.
///
/// A change makes another one; connections keep theirs.
package final class ListenerTLS: Sendable {
    package let endpointID: String
    package let declared: ListenerTLSConfiguration
    /// Of the set in which it last changed.
    package let generation: Int
    /// For the sessions of new connections.
    package let context: TLSContext
    /// In the order declared.
    package let credentials: [LoadedCredential]
    /// Whom callers' certificates must descend from; nil with `mode: off`.
    package let trust: TrustStore?
    /// To look again at callers of open connections (`refusal(of:)`); nil with `mode: off`.
    package let verifier: CertificateVerifier?
    /// nil: none is held.
    package let sessions: ServerSessions?
    /// What its files held.
    let snapshot: MaterialSnapshot

    init(
        endpointID: String, declared: ListenerTLSConfiguration, generation: Int, context: TLSContext,
        credentials: [LoadedCredential], trust: TrustStore?, verifier: CertificateVerifier?, sessions: ServerSessions?,
        snapshot: MaterialSnapshot
    ) {
        self.endpointID = endpointID
        self.declared = declared
        self.generation = generation
        self.context = context
        self.credentials = credentials
        self.trust = trust
        self.verifier = verifier
        self.sessions = sessions
        self.snapshot = snapshot
    }
}
