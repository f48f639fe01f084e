import PosternControl
import PosternGateway
import PosternModel
import PosternPolicy
import PosternTelemetry

extension Service {
    func explain(_ id: String) async -> ExplainAnswer {
        guard let record = try? await gateway.request(id: id) else {
            return .unknown(ExplainFailure(message: "no request `\(id)` is remembered; " + (await memoryText())))
        }
        return .request(RequestExplanation(record, plan: plans.last { $0.generation == record.generation }).report)
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
        report.interface = facts.localInterface
        report.unix = facts.unix.map {
            ExplainReport.UnixPeer(uid: $0.uid, gid: $0.gid, user: $0.user, group: $0.group, unit: $0.unit)
        }
        report.connectionID = record.origin.connectionID
        report.certificate = facts.certificate.map {
            .init(
                subject: $0.subject, issuer: $0.issuer, serial: $0.serial, fingerprint: $0.fingerprint,
                spiffeID: $0.spiffeID)
        }
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
            let title = "\(planned.kind.name) policy of `\(planned.owner)`"
            guard !hasRefused, let explanation = step.ask(record, { explain(planned.policy, step.facts, $0) })
            else {
                return ExplainReport.Policy(
                    kind: "\(planned.kind.name)", owner: planned.owner,
                    text: "\(title)\nnot asked: the policy before it refused\n", explanation: nil)
            }
            hasRefused = planned.kind == record.refusedBy
            return ExplainReport.Policy(
                kind: "\(planned.kind.name)", owner: planned.owner,
                text: ExplanationText.render(explanation, title: title), explanation: explanation)
        }
    }

    /// With what was wanted and what would help, as long as the policy's file still says what was compiled.
    private func explain(_ policy: Policy, _ facts: ConnectionFacts, _ request: RequestFacts) -> Explanation {
        policy.explain(facts, request, document: try? PolicyFile.document(of: policy))
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
        return record.decision == .allow
            ? "allowed, and not fulfilled: \(rule)" : "refused before any policy was asked: \(rule)"
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
        case "overload_memory": "memory had run out, and new requests were refused until it had not"
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
