import PosternControl
import PosternGateway
import PosternModel
import PosternPolicy

extension Service {
    func shadow() async -> ShadowReport {
        let policies = configuration.plan.policies
        let statements = policies.reduce(0) { $0 + $1.policy.statements.count(where: \.isShadow) }
        let entries = (try? await gateway.shadowEntries()) ?? []
        return ShadowReport(statements: statements, rows: entries.map(ShadowReport.Row.init))
    }

    /// What the plan's policies make of the last requests that the former one's made otherwise; nil when no policy
    /// changed.
    func decisionChanges(from old: Plan, to new: Plan) async -> DecisionChangeReport? {
        guard Set(old.policies.map(\.identity)) != Set(new.policies.map(\.identity)),
            let records = try? await gateway.rememberedRequests(atMost: 65_536), !records.isEmpty
        else { return nil }
        return DecisionChangeReport(DecisionChanges(records, from: old, to: new))
    }
}

extension PlannedPolicy {
    /// Where it stands and what it says.
    fileprivate var identity: [String] { ["\(kind.name)", owner, "\(policy.fingerprint)"] }
}

extension ShadowReport.Row {
    fileprivate init(_ entry: ShadowEntry) {
        self.init(
            api: entry.api, stage: entry.stage, route: "\(entry.verb) \(entry.resourcePath)",
            policy: "\(entry.kind.name)", owner: entry.owner, statement: entry.statement, requests: entry.requests,
            wouldDeny: entry.wouldDeny, wouldAllow: entry.wouldAllow, exampleRequestID: entry.exampleID,
            exampleTime: entry.exampleID == nil ? nil : timeText(entry.exampleNanoseconds))
    }
}

extension DecisionChangeReport {
    fileprivate init(_ changes: DecisionChanges) {
        self.init(
            remembered: changes.remembered, compared: changes.compared, partial: changes.isPartial,
            groups: changes.groups.map { group in
                Group(
                    route: group.route, change: group.isAllowed ? "allowed" : "denied", requests: group.requests,
                    policy: "\(group.kind.name)", owner: group.owner, statement: group.statement,
                    exampleRequestID: group.exampleID)
            })
    }

    /// For a person: at most twenty groups.
    var lines: [String] {
        let time = partial ? ", for no more than the time allowed" : ""
        let heading = "decision changes over the last \(counted(compared, "request"))\(time): "
        guard !groups.isEmpty else { return [heading + "none"] }
        let shown = groups.prefix(20).map { group in
            let statement = group.statement.map { "by `\($0)` of" } ?? "by no allow in"
            return "  \(group.route): \(group.requests) newly \(group.change), e.g. request \(group.exampleRequestID) "
                + "\(statement) the \(group.policy) policy of `\(group.owner)`"
        }
        let total = groups.reduce(0) { $0 + $1.requests }
        let rest = groups.count > shown.count ? ["  and \(groups.count - shown.count) groups more"] : []
        return [heading + "\(total)"] + shown + rest
    }
}
