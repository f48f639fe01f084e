package import PosternPolicy

/// Where a policy stands on a request's way (reference, section 1.3); those that are present are asked in this order.
package enum PolicyKind: Int, Sendable, CaseIterable {
    /// On a listener.
    case endpoint
    /// On a private custom domain.
    case domain
    /// On an API.
    case api

    /// As logs, metrics and reports name it.
    package var name: StaticString {
        switch self {
        case .endpoint: "endpoint"
        case .domain: "domain"
        case .api: "api"
        }
    }
}

/// A policy in its place. One object for each place, so that it can be told from others by identity.
package final class PlannedPolicy: Sendable {
    package let kind: PolicyKind
    /// The listener's id, the domain's name or the API's id.
    package let owner: String
    package let policy: Policy

    init(_ kind: PolicyKind, of owner: String, _ policy: Policy) {
        self.kind = kind
        self.owner = owner
        self.policy = policy
    }
}

/// A listener as the plan knows it: the policy on it.
package struct PlannedEndpoint: Sendable {
    package let id: String
    /// nil: the endpoint lets everyone through, as AWS's default endpoint policy does.
    package let policy: PlannedPolicy?
}
