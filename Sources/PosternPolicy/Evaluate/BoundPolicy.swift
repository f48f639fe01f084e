/// A policy with the facts of one connection filled in: what is left to ask is the resource and the header fields.
///
/// Statements whose connection conditions fail are gone; the others stand in a short list, denies first.
package struct BoundPolicy: Sendable {
    private let policy: CompiledPolicy
    /// The decision for every request, if no request can change it.
    private var settled: Decision?
    /// Statements left to ask: `denies` of them deny, the rest allow.
    private var live: [UInt32] = []
    private var denies = 0
    /// What it is if no live statement applies: implicit deny, or an allow that asks nothing of the request.
    private var otherwise = Decision.implicitDeny

    init(_ policy: CompiledPolicy, _ connection: ConnectionView) {
        self.policy = policy
        policy.withView { reduce(policy.order, connection, $0) }
    }

    /// Decides one request. Total: whatever the bytes are, there is an answer; nothing is allocated.
    package func decide(_ request: RequestFacts) -> Decision {
        if let settled { return settled }
        return policy.withView { policy in
            live.withUnsafeBufferPointer { live in
                for position in 0..<live.count {
                    let index = Int(live[position])
                    guard policy.admits(policy.statements[index], request) else { continue }
                    return position < denies ? .explicitDeny(statement: index) : .allow(statement: index)
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
                settled = .explicitDeny(statement: Int(index))
                return
            } else {
                live.removeLast(live.count - denies)
                otherwise = .allow(statement: Int(index))
                break
            }
        }
        if live.isEmpty { settled = otherwise }
        // Most connections lose no statement: they share the policy's own list.
        if live.count == order.count { live = order }
    }
}
