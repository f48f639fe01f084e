package import PosternModel
package import PosternPolicy

/// Decides remembered requests again by one plan, away from the event loops: to explain them, and to tell what another
/// plan would make of them.
package struct PolicyReplay {
    /// One policy on a request's way.
    package struct Step {
        package let planned: PlannedPolicy
        package let facts: ConnectionFacts
        /// What it is asked about where that is not the method: the domain's own resource.
        let domainResource: String?
    }

    /// What the plan's policies say together.
    package struct Verdict: Equatable {
        package let isAllowed: Bool
        /// The policy that refuses, or the API's; nil when there is none.
        package let policy: PlannedPolicy?
        /// Its statement; nil for an implicit deny.
        package let statement: String?

        package static func == (left: Verdict, right: Verdict) -> Bool {
            left.isAllowed == right.isAllowed && left.policy === right.policy && left.statement == right.statement
        }
    }

    private struct Binding: Hashable {
        let origin: ObjectIdentifier
        let policy: ObjectIdentifier
        let domain: String
    }

    package let plan: Plan
    private var bound: [Binding: BoundPolicy] = [:]

    package init(_ plan: Plan) { self.plan = plan }

    /// The policies that the request is asked about, in their order; nil when the plan has not what the request came by
    /// or went to. An API without a policy ends the list.
    package func steps(_ record: RequestRecord) -> [Step]? {
        guard record.resource != nil, let api = plan.apis.first(where: { $0.id == record.apiID }),
            api.stages.contains(where: { $0.name == record.stage }),
            let endpoint = plan.endpoint(id: record.origin.listenerID)
        else { return nil }
        var domain: PlannedDomain?
        if !record.domain.isEmpty {
            domain = plan.domains.first { $0.name == record.domain }
            if domain == nil { return nil }
        }
        var facts = record.origin.facts
        facts.viaDomainArn = domain?.arn
        let policies = [endpoint.policy, domain?.policy, api.resourcePolicy]
        return policies.compactMap { policy in
            policy.map {
                Step(planned: $0, facts: facts, domainResource: $0.kind == .domain ? domain?.resource : nil)
            }
        }
    }

    /// nil when the plan cannot be asked, or part of the request was not remembered.
    package mutating func verdict(on record: RequestRecord) -> Verdict? {
        guard record.isWhole, let steps = steps(record) else { return nil }
        for step in steps {
            let policy = bind(step, record)
            guard let decision = step.ask(record, { policy.decide($0) }) else { return nil }
            switch decision {
            case .allow(let index):
                guard step.planned.kind == .api else { continue }
                return Verdict(
                    isAllowed: true, policy: step.planned, statement: step.planned.policy.statements[index].label)
            case .explicitDeny(let index):
                return Verdict(
                    isAllowed: false, policy: step.planned, statement: step.planned.policy.statements[index].label)
            case .implicitDeny:
                return Verdict(isAllowed: false, policy: step.planned, statement: nil)
            }
        }
        return Verdict(isAllowed: false, policy: nil, statement: nil)
    }

    private mutating func bind(_ step: Step, _ record: RequestRecord) -> BoundPolicy {
        let binding = Binding(
            origin: ObjectIdentifier(record.origin), policy: ObjectIdentifier(step.planned), domain: record.domain)
        if let known = bound[binding] { return known }
        let made = step.planned.policy.bind(step.facts)
        bound[binding] = made
        return made
    }
}

extension PolicyReplay.Step {
    /// Lends the request's facts as this policy is asked about them; nil when they were not remembered.
    package func ask<Answer>(_ record: RequestRecord, _ body: (RequestFacts) -> Answer) -> Answer? {
        record.withFacts { request in
            guard let domainResource else { return body(request) }
            return Array(domainResource.utf8).withUnsafeBytes { resource in
                var request = request
                request.resource = resource
                return body(request)
            }
        }
    }
}
