/// What a policy says about one request. Only ``allow(statement:)`` lets it pass.
///
/// `statement` is the index of the statement that decided. Where several of one effect apply, it is the first that needs
/// nothing of the request, else the first in the document.
package enum Decision: Sendable, Equatable {
    case allow(statement: Int)
    /// A `Deny` applies; final, whatever other statements say.
    case explicitDeny(statement: Int)
    /// No statement applies.
    case implicitDeny
}

/// What a policy would say if its statements in shadow mode were enforced. Of another type than ``Decision``, so that it
/// cannot be taken for one: nothing lets a request pass or refuses it on the strength of this.
package enum ShadowDecision: Sendable, Equatable {
    case wouldAllow(statement: Int)
    case wouldDenyExplicitly(statement: Int)
    case wouldDenyImplicitly

    /// Whether enforcing them would change whether the request passes.
    package func diverges(from decision: Decision) -> Bool {
        let passes = if case .allow = decision { true } else { false }
        let wouldPass = if case .wouldAllow = self { true } else { false }
        return passes != wouldPass
    }
}
