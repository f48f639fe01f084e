import PosternControl
import PosternGateway
import PosternModel
import PosternPolicy
import PosternTelemetry

extension Service {
    func explain(_ id: String) async -> ExplainAnswer {
        guard let record = try? await gateway.request(id: id) else {
            return ExplainAnswer(message: "no request `\(id)` is remembered; " + (await memoryText()))
        }
        return ExplainAnswer(
            request: RequestExplanation(record, plan: plans.last { $0.generation == record.generation }).report)
    }

    private func memoryText() async -> String {
        guard let memory = try? await gateway.memory(), memory.capacity > 0 else {
            return "the gateway remembers none, for `explain.requests` is 0"
        }
        guard let oldest = memory.reachesBackTo else { return "there has been no request yet" }
        return
            "the last \(memory.requests) of at most \(memory.capacity) requests are, back to \(timeText(oldest))"
    }
}

/// RFC 3339 in UTC, with milliseconds.
func timeText(_ wallNanoseconds: Int) -> String {
    let whole = PolicyTime(seconds: Int64(wallNanoseconds / 1_000_000_000)).description.dropLast()
    let milliseconds = String(wallNanoseconds / 1_000_000 % 1_000)
    return "\(whole).\(String(repeating: "0", count: 3 - milliseconds.count))\(milliseconds)Z"
}

/// Tells why a request ended as it did: by which policies, statement by statement, or by which other rule.
struct RequestExplanation {
    let record: RequestRecord
    /// The plan that served it; nil when it is not held any more.
    let plan: Plan?

    init(_ record: RequestRecord, plan: Plan?) {
        self.record = record
        self.plan = plan
    }

    var report: ExplainReport {
        var report = ExplainReport()
        let facts = record.origin.facts
        func present(_ text: String) -> String? { text.isEmpty ? nil : text }
        report.requestID = record.requestID
        report.extendedRequestID = record.extendedID
        report.time = timeText(record.wallNanoseconds)
        report.generation = record.generation
        report.listener = record.origin.listenerID
        report.endpoint = facts.sourceVpce
        report.vpc = facts.sourceVpc
        report.sourceIP = facts.sourceIP?.description
        report.connectionID = record.origin.connectionID
        report.method = record.method.text
        report.path = record.path.text
        report.host = record.host.text
        report.domain = present(record.domain)
        report.api = present(record.apiID)
        report.stage = present(record.stage)
        report.route = present(record.verb).map { "\($0) \(record.resourcePath)" }
        report.resource = record.resource?.text
        report.userAgent = record.userAgent?.text
        report.referer = record.referer?.text
        report.status = record.status
        report.decision = "\(record.decision.text)"
        report.refusedBy = record.refusedBy.map { "\($0.name)" }
        report.refusal = present(record.refusal)
        report.reason = present(record.reason)
        let steps = plan.flatMap { PolicyReplay($0).steps(record) }
        report.policies = record.decision == .none ? [] : policies(steps ?? [])
        report.notes = notes(isHeld: steps != nil)
        report.outcome = outcome
        return report
    }

    private func notes(isHeld: Bool) -> [String] {
        var notes: [String] = []
        if plan == nil {
            notes.append("generation \(record.generation) is not held any more, so its policies cannot be shown")
        } else if record.decision != .none, !isHeld {
            notes.append(
                "the listener `\(record.origin.listenerID)` was no part of generation \(record.generation) any more, so "
                    + "the policies cannot be shown")
        }
        let parts = [
            ("path", record.path), ("host", record.host), ("resource", record.resource),
            ("user agent", record.userAgent), ("referer", record.referer),
        ]
        let cut = parts.filter { $0.1?.isCut == true }.map(\.0)
        if !cut.isEmpty {
            notes.append("remembered in part: \(cut.joined(separator: ", ")); conditions on it may have held otherwise")
        }
        return notes
    }

    // MARK: Policies

    private func policies(_ steps: [PolicyReplay.Step]) -> [ExplainReport.Policy] {
        var hasRefused = false
        return steps.map { step in
            let planned = step.planned
            guard !hasRefused,
                let explanation = step.ask(record, { planned.policy.explain(step.facts, $0) })
            else {
                return ExplainReport.Policy(
                    kind: "\(planned.kind.name)", owner: planned.owner, decision: nil, statements: nil,
                    text: "not asked: the policy before it refused")
            }
            hasRefused = planned.kind == record.refusedBy
            return ExplainReport.Policy(
                kind: "\(planned.kind.name)", owner: planned.owner, decision: explanation.decision.name,
                statements: explanation.statements.map(ExplainReport.Statement.init), text: render(explanation))
        }
    }

    // MARK: What decided

    private var outcome: String {
        guard !record.refusal.isEmpty else {
            let tail = record.reason.isEmpty ? "" : "; it ended early: \(record.reason)"
            return record.status == 0
                ? "allowed, and ended without an answer\(tail)" : "allowed, and answered with \(record.status)\(tail)"
        }
        if let kind = record.refusedBy {
            if record.reason == "no_policy" {
                return "refused: API `\(record.apiID)` has no policy, so nothing allows anything"
            }
            let how = record.decision == .explicitDeny ? "a statement denies it" : "no statement allows it"
            return "refused by the \(kind.name) policy: \(how)"
        }
        return "refused before any policy was asked: \(rule)"
    }

    /// What refused a request, where it was no policy.
    private var rule: String {
        switch record.reason {
        case "unknown_api": "neither `Host` (`\(record.host.text)`) nor `x-apigw-api-id` nor the listener names an API"
        case "conflicting_api": "`Host` (`\(record.host.text)`) and `x-apigw-api-id` name different APIs"
        case "unknown_base_path": "domain `\(record.domain)` has no base path mapping for `\(record.path.text)`"
        case "unknown_stage": "API `\(record.apiID)` has no stage as `\(record.path.text)` names it"
        case "unrouted": unrouted
        case "method_arn_too_long": "the method's ARN would exceed 1,600 bytes"
        case "body_timeout": "the request's body stopped coming"
        default:
            switch record.refusal {
            case "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "API_CONFIGURATION_ERROR", "SERVICE_UNAVAILABLE":
                "the integration failed: \(record.reason)"
            default: "it breaks a rule of HTTP or a limit: \(record.reason)"
            }
        }
    }

    private var unrouted: String {
        let path = record.path.text
        // Under a domain the base path stands where routing begins, which only the mapping knows.
        guard record.domain.isEmpty, let api = plan?.apis.first(where: { $0.id == record.apiID }) else {
            return "no resource with this method has the path `\(path)`"
        }
        return RouteMatch.find(method: record.method.text, target: path, in: api).reason
    }
}

/// An explanation as a person reads it.
func render(_ explanation: Explanation) -> String {
    var lines = [explanation.decision.name]
    if let statement = explanation.decidingStatement, let position = explanation.position {
        lines[0] += " by `\(statement)` at \(position.place)"
    } else if let closest = explanation.summary.statement {
        lines[0] += ": `\(closest)` came closest"
    }
    if let shadow = explanation.shadow { lines[0] += "; with its shadow statements: \(shadow.name)" }
    func verb(_ matched: Bool) -> String { matched ? "matches" : "does not match" }
    for statement in explanation.statements {
        let mode = statement.isShadow ? " in shadow mode" : ""
        lines.append(
            "  \(statement.effect.rawValue) `\(statement.label)`\(mode) at \(statement.position.place): "
                + (statement.applied ? "applies" : "does not apply"))
        if !statement.principalMatched { lines.append("    Principal does not match") }
        if !statement.actionMatched { lines.append("    Action does not match") }
        if !statement.resourceMatched { lines.append("    Resource does not match") }
        for condition in statement.conditions {
            let seen = condition.seen.map { "saw `\($0)`" } ?? "the key is absent"
            lines.append("    \(condition.name) \(verb(condition.matched)): \(seen)")
        }
    }
    return lines.joined(separator: "\n")
}

extension Decision {
    /// As logs have it.
    fileprivate var name: String {
        switch self {
        case .allow: "allow"
        case .explicitDeny: "explicitDeny"
        case .implicitDeny: "implicitDeny"
        }
    }
}

extension ShadowDecision {
    fileprivate var name: String {
        switch self {
        case .wouldAllow: "allow"
        case .wouldDenyExplicitly: "explicitDeny"
        case .wouldDenyImplicitly: "implicitDeny"
        }
    }
}

extension ExplainReport.Statement {
    fileprivate init(_ trace: StatementTrace) {
        self.init(
            label: trace.label, effect: trace.effect.rawValue, position: "\(trace.position.place)",
            applied: trace.applied,
            shadow: trace.isShadow, principalMatched: trace.principalMatched, actionMatched: trace.actionMatched,
            resourceMatched: trace.resourceMatched,
            conditions: trace.conditions.map {
                .init(name: $0.name, seen: $0.seen, matched: $0.matched, position: "\($0.position.place)")
            })
    }
}
