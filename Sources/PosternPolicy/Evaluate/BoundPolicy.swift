/// A policy with the facts of one connection filled in: what is left to ask is the resource and the request's facts.
package struct BoundPolicy: Sendable {
    private let policy: CompiledPolicy
    private let enforced: BoundStatements
    private let hypothetical: BoundStatements?
    /// The connection's facts, if the policy sets them against those of a request.
    private let context: BoundContext?
    private let asksForTime: Bool

    init(_ policy: CompiledPolicy, _ connection: ConnectionView) {
        self.policy = policy
        enforced = policy.withView { BoundStatements(policy.enforced.order, connection, $0) }
        hypothetical = policy.hypothetical.map { statements in
            policy.withView { BoundStatements(statements.order, connection, $0) }
        }
        asksForTime = policy.tables.asksForTime
        context = policy.tables.needsContext ? BoundContext(connection.rarer) : nil
    }

    /// Decides one request. Total: whatever the bytes are, there is an answer. Nothing is allocated, unless a statement
    /// has variables, ARN operators or operators without regard to case.
    package func decide(_ request: RequestFacts) -> Decision {
        if let settled = enforced.settled { return Decision(settled) }
        return Decision(decide(enforced, request))
    }

    /// What the decision would be if the statements in shadow mode were enforced.
    ///
    /// - Returns: nil if the policy has none, which costs nothing to find out.
    package func shadowDecision(_ request: RequestFacts) -> ShadowDecision? {
        guard let hypothetical else { return nil }
        return ShadowDecision(hypothetical.settled ?? decide(hypothetical, request))
    }

    @inline(__always)
    private func decide(_ statements: BoundStatements, _ request: RequestFacts) -> Verdict {
        var request = request
        // One point in time for all conditions of a decision.
        if asksForTime, request.time == nil { request.time = .now }
        if let context { return statements.decide(request, policy, context) }
        return policy.withView { statements.decide(request, $0) }
    }
}

/// Facts of a connection that a bound policy keeps.
final class BoundContext: Sendable {
    let facts: ConnectionFacts

    init(_ facts: ConnectionFacts) { self.facts = facts }
}

/// What a list of statements comes to.
enum Verdict: Sendable, Equatable {
    case allow(Int), explicitDeny(Int), implicitDeny
}

/// Statements whose connection conditions fail are gone; the others stand in a short list, denies first.
struct BoundStatements: Sendable {
    /// The verdict on every request, if no request can change it.
    private(set) var settled: Verdict?
    /// Statements left to ask: `denies` of them deny, the rest allow.
    private var live: [UInt32] = []
    private var denies = 0
    /// What it is if no live statement applies: implicit deny, or an allow that asks nothing of the request.
    private var otherwise = Verdict.implicitDeny

    init(_ order: [UInt32], _ connection: ConnectionView, _ policy: PolicyView) {
        reduce(order, connection, policy)
    }

    @inline(__always)
    func decide(_ request: RequestFacts, _ policy: PolicyView) -> Verdict {
        live.withUnsafeBufferPointer { live in
            for position in 0..<live.count {
                let index = Int(live[position])
                guard policy.admits(policy.statements[index], request) else { continue }
                return position < denies ? .explicitDeny(index) : .allow(index)
            }
            return otherwise
        }
    }

    /// For policies with statements that are not plain.
    @inline(never)
    func decide(_ request: RequestFacts, _ policy: CompiledPolicy, _ context: BoundContext) -> Verdict {
        policy.withView { view in
            context.facts.withView { connection in
                for position in 0..<live.count {
                    let index = Int(live[position])
                    let statement = view.statements[index]
                    let applies =
                        statement.isPlain
                        ? view.admits(statement, request)
                        : view.admits(statement, RequestSource(connection: connection, request: request))
                    if applies { return position < denies ? .explicitDeny(index) : .allow(index) }
                }
                return otherwise
            }
        }
    }

    private mutating func reduce(_ order: [UInt32], _ connection: ConnectionView, _ policy: PolicyView) {
        for index in order {
            let statement = policy.statements[Int(index)]
            guard policy.admits(statement, connection) else { continue }
            if statement.needsRequest {
                live.append(index)
                if statement.isDeny { denies += 1 }
            } else if statement.isDeny {
                live = []
                settled = .explicitDeny(Int(index))
                return
            } else {
                live.removeLast(live.count - denies)
                otherwise = .allow(Int(index))
                break
            }
        }
        if live.isEmpty { settled = otherwise }
        // Most connections lose no statement: they share the policy's own list.
        if live.count == order.count { live = order }
    }
}

extension Decision {
    /// Only verdicts over enforced statements become decisions.
    fileprivate init(_ verdict: Verdict) {
        switch verdict {
        case .allow(let index): self = .allow(statement: index)
        case .explicitDeny(let index): self = .explicitDeny(statement: index)
        case .implicitDeny: self = .implicitDeny
        }
    }
}

extension ShadowDecision {
    fileprivate init(_ verdict: Verdict) {
        switch verdict {
        case .allow(let index): self = .wouldAllow(statement: index)
        case .explicitDeny(let index): self = .wouldDenyExplicitly(statement: index)
        case .implicitDeny: self = .wouldDenyImplicitly
        }
    }
}
