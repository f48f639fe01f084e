package import PosternTLS

/// A listener's certificates, trust and rules, read, checked and ready to serve; immutable but for staples and ticket keys.
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
    /// nil: no resumption.
    package let ticketKeys: TicketKeys?
    /// What its files held.
    let snapshot: MaterialSnapshot

    init(
        endpointID: String, declared: ListenerTLSConfiguration, generation: Int, context: TLSContext,
        credentials: [LoadedCredential], trust: TrustStore?, verifier: CertificateVerifier?, ticketKeys: TicketKeys?,
        snapshot: MaterialSnapshot
    ) {
        self.endpointID = endpointID
        self.declared = declared
        self.generation = generation
        self.context = context
        self.credentials = credentials
        self.trust = trust
        self.verifier = verifier
        self.ticketKeys = ticketKeys
        self.snapshot = snapshot
    }
}
