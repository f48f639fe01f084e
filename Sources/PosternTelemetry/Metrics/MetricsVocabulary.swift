/// The closed sets that counters are indexed by and that other libraries own, given once at start. The position of a
/// name is the number that the request path counts with; every loop has the same vocabulary.
package struct MetricsVocabulary: Sendable, Equatable {
    /// Gateway response types: `ACCESS_DENIED`, `MISSING_AUTHENTICATION_TOKEN` …
    package var refusals: [String]
    /// Why a request was no valid HTTP.
    package var parseRefusals: [String]
    /// Why a PROXY header was not accepted.
    package var proxyHeaderRefusals: [String]
    /// Why a Unix connection's peer could not be told.
    package var unixPeerRefusals: [String]
    /// How a handshake can end: versions, resumed or not, and why it failed.
    package var handshakes: [String]
    /// Kinds of policies: `endpoint`, `domain`, `api`; as many as `ShadowWord` has room for.
    package var policies: [String]

    package init(
        refusals: [String] = [], parseRefusals: [String] = [], proxyHeaderRefusals: [String] = [],
        unixPeerRefusals: [String] = [], handshakes: [String] = [], policies: [String] = []
    ) {
        precondition(
            policies.count <= ShadowWord.policies, "there is room for \(ShadowWord.policies) kinds of policies")
        self.refusals = refusals
        self.parseRefusals = parseRefusals
        self.proxyHeaderRefusals = proxyHeaderRefusals
        self.unixPeerRefusals = unixPeerRefusals
        self.handshakes = handshakes
        self.policies = policies
    }
}

/// What can happen to the connection that an integration leases.
package enum UpstreamEvent: Int, Sendable, CaseIterable {
    /// A connection was opened.
    case connect
    case connectFailure
    /// A request went out on a kept connection.
    case reuse
    /// A request was sent again.
    case retry
    case connectTimeout
    case responseTimeout
}
