import PosternHTTP
import PosternModel
import PosternPolicy
import PosternTelemetry

/// A plan as one event loop serves it: with the loop's pools, turns and texts beside what was compiled.
final class ServedPlan {
    let plan: Plan?
    let apis: [ServedAPI]
    let domains: [ServedDomain]
    let routes: [ServedRoute]

    var generation: Int { plan?.generation ?? 0 }

    /// What is served before the first plan: nothing.
    static var empty: ServedPlan { ServedPlan() }

    private init() {
        plan = nil
        apis = []
        domains = []
        routes = []
    }

    init(_ plan: Plan, pools: (UpstreamTarget) -> UpstreamPool) {
        self.plan = plan
        let apis = plan.apis.map(ServedAPI.init)
        let targets = plan.targets.map(pools)
        var routes: [ServedRoute] = []
        routes.reserveCapacity(plan.routes.count)
        for api in apis {
            for stage in api.planned.stages {
                for route in stage.routes {
                    routes.append(ServedRoute(route, api: api, targets: targets))
                }
            }
        }
        self.apis = apis
        domains = plan.domains.map(ServedDomain.init)
        self.routes = routes
    }
}

final class ServedAPI {
    let planned: PlannedAPI
    let id: PinnedText
    /// What is in front of `{api-id}/{stage}/…` in a method's ARN.
    let arnPrefixLength: Int
    /// The stages' names.
    let stages: [PinnedText]

    init(_ planned: PlannedAPI) {
        self.planned = planned
        id = PinnedText(planned.id)
        stages = planned.stages.map { PinnedText($0.name) }
        let scope = planned.scope
        arnPrefixLength = "arn:\(scope.partition):execute-api:\(scope.region):\(scope.account):".utf8.count
    }
}

final class ServedDomain {
    let planned: PlannedDomain
    let name: PinnedText
    /// What the domain's policy is asked about.
    let resource: PinnedText

    init(_ planned: PlannedDomain) {
        self.planned = planned
        name = PinnedText(planned.name)
        resource = PinnedText(planned.resource)
    }
}

/// One route with what this loop needs to serve it.
final class ServedRoute {
    let planned: PlannedRoute
    let api: ServedAPI
    let stage: PinnedText
    let resourcePath: PinnedText
    let verb: PinnedText
    /// What shadow statements come to on this route; one for each policy that has some and was asked.
    private var tallies: [(policy: PlannedPolicy, tally: ShadowTally)] = []
    /// Empty for a mock.
    private let pools: [(pool: UpstreamPool, name: PinnedText)]
    /// The fields toward the upstream that are the same for every request.
    let fixedFields: [UInt8]
    private var turn = 0

    init(_ planned: PlannedRoute, api: ServedAPI, targets: [UpstreamPool]) {
        self.planned = planned
        self.api = api
        stage = PinnedText(planned.stage)
        resourcePath = PinnedText(planned.resourcePath)
        verb = PinnedText(planned.verb)
        switch planned.integration {
        case .httpProxy(let proxy):
            pools = proxy.targetIndices.map { (targets[$0], PinnedText(targets[$0].address.description)) }
            fixedFields =
                Array("Host: ".utf8) + proxy.hostHeader
                + Array("\r\nX-Amzn-Apigateway-Api-Id: \(planned.apiID)\r\n".utf8)
        case .mock:
            pools = []
            fixedFields = []
        }
    }

    func tally(of policy: PlannedPolicy, in ledger: ShadowLedger) -> ShadowTally {
        for known in tallies where known.policy === policy { return known.tally }
        let tally = ledger.tally(policy, planned)
        tallies.append((policy, tally))
        return tally
    }

    var targetCount: Int { pools.count }

    /// The next target in turn, another than the one that has just failed where there is one: other requests take turns
    /// in the meantime.
    func nextTarget(besides failed: UpstreamPool?) -> (pool: UpstreamPool, name: PinnedText) {
        if let failed {
            for _ in 1..<pools.count where pools[turn].pool === failed { takeTurn() }
        }
        defer { takeTurn() }
        return pools[turn]
    }

    private func takeTurn() { turn = turn &+ 1 == pools.count ? 0 : turn &+ 1 }
}
