package import PosternPolicy

/// One API of the plan.
package final class PlannedAPI: Sendable {
    package let id: String
    /// Its place in `Plan.apis`.
    package let index: Int
    package let scope: PolicyScope
    /// nil: every request is refused.
    package let resourcePolicy: PlannedPolicy?
    package let stages: [PlannedStage]
    private let names: ByteTable

    init(index: Int, scope: PolicyScope, policy: Policy?, stages: [PlannedStage]) {
        self.id = scope.apiID
        self.index = index
        self.scope = scope
        resourcePolicy = policy.map { PlannedPolicy(.api, of: scope.apiID, $0) }
        self.stages = stages
        names = ByteTable(stages.map(\.name))
    }

    package var policy: Policy? { resourcePolicy?.policy }

    /// The stage that the first segment of a request path names, byte for byte.
    package func stage(named name: Span<UInt8>) -> PlannedStage? {
        names.number(of: name).map { stages[$0] }
    }
}
