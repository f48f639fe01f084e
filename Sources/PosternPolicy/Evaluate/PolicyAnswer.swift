/// What a policy says, without the statement that said it.
package enum PolicyAnswer: String, Sendable, CaseIterable {
    case allow, explicitDeny, implicitDeny
}

extension Decision {
    package var answer: PolicyAnswer {
        switch self {
        case .allow: .allow
        case .explicitDeny: .explicitDeny
        case .implicitDeny: .implicitDeny
        }
    }
}

extension Policy {
    /// Joins a resource policy with what the authorizer says: a caller's own policies, or the policy that a Lambda
    /// authorizer returned. An explicit deny on either side is final. Within one account one allow is enough; a caller of
    /// another account needs both (AWS, "How API Gateway resource policies affect authorization workflow", tables A
    /// and B).
    ///
    /// Methods without authorizer, and those with a Cognito token, ask the resource policy alone.
    package static func combine(
        policy: PolicyAnswer, authorizer: PolicyAnswer, sameAccount: Bool
    ) -> PolicyAnswer {
        if policy == .explicitDeny || authorizer == .explicitDeny { return .explicitDeny }
        let allows = (policy == .allow ? 1 : 0) + (authorizer == .allow ? 1 : 0)
        return allows >= (sameAccount ? 1 : 2) ? .allow : .implicitDeny
    }
}
