import NIOCore
import PosternHTTP
import PosternModel
import PosternPolicy
import PosternTelemetry

/// Proof that every policy on the way allowed this request. Only this file can make one, and only a permit reaches an
/// integration, so no path through the gateway can leave a policy out.
struct Permit: ~Copyable {
    let route: ServedRoute

    fileprivate init(_ route: ServedRoute) { self.route = route }
}

extension Exchange {
    /// Asks every policy on the way; what comes back is proof that all of them allowed.
    func authorize(_ route: ServedRoute, _ head: RequestHead) throws(Refusal) -> Permit {
        guard let length = composeResource(route, head) else { throw .methodARNTooLong }
        let answer = head.bytes.withUnsafeReadableBytes { bytes -> Result<Void, Refusal> in
            do throws(Refusal) {
                return .success(try askAll(on: route, requestFacts(head, bytes, resourceLength: length)))
            } catch {
                return .failure(error)
            }
        }
        try answer.get()
        return Permit(route)
    }

    /// The endpoint's policy, the domain's and the API's, in this order (reference, section 1.3): all that are there must
    /// allow, and the API must have one. The first that does not allow refuses.
    private func askAll(on route: ServedRoute, _ request: RequestFacts) throws(Refusal) {
        if let endpoint = listener.policy { try ask(endpoint, at: .endpoint, request) }
        if let domain, let policy = domain.planned.policy {
            var request = request
            request.resource = domain.resource.bytes
            try ask(policy, at: .domain, request)
        }
        guard let policy = route.api.planned.resourcePolicy else { throw .noPolicy }
        try ask(policy, at: .api(route.api.planned.index), request)
    }

    /// - Throws: unless the policy allows.
    private func ask(
        _ planned: PlannedPolicy, at place: Caller.PolicyPlace, _ request: RequestFacts
    ) throws(Refusal) {
        let bound = caller.bind(planned.policy, at: place, via: domain, in: loop.served)
        let decision = bound.decide(request)
        record.decided(decision)
        if let shadow = bound.shadowDecision(request) { note(shadow, beside: decision, of: planned) }
        guard case .allow = decision else { throw .denied(decision, by: planned.kind) }
    }

    /// Keeps what statements in shadow mode would have made of the request. It returns nothing: nothing depends on it.
    private func note(_ shadow: ShadowDecision, beside decision: Decision, of planned: PlannedPolicy) {
        guard let route else { return }
        let tally = route.tally(of: planned, in: loop.shadow)
        tally.countRequest()
        guard shadow.diverges(from: decision) else { return }
        let (statement, admits): (Int, Bool)
        switch shadow {
        case .wouldAllow(let index): (statement, admits) = (index, true)
        case .wouldDenyExplicitly(let index): (statement, admits) = (index, false)
        // Statements that are added to others take away no allow but by denying.
        case .wouldDenyImplicitly: return
        }
        loop.metrics.countShadowDivergence(
            api: route.api.planned.index, policy: planned.kind.rawValue, admits: admits)
        record.shadowed(
            admits ? .allow : .explicitDeny,
            by: tally.count(
                statement: statement, admits: admits, id: record.requestID, wallNanoseconds: record.startWall))
    }

    /// Puts `{api-id}/{stage}/{METHOD}/{path}` into the loop's scratch: the canonical path that the router took, without its
    /// slash in front and at the end.
    ///
    /// - Returns: its length, or nil when the method's ARN would be too long.
    func composeResource(_ route: ServedRoute, _ head: RequestHead) -> Int? {
        let scratch = loop.resourceScratch
        let method = method.wire.name
        return head.bytes.withUnsafeReadableBytes { bytes in
            var (start, end) = (head.index.path.range.lowerBound + record.pathOffset, head.index.path.range.upperBound)
            if start < end, bytes[start] == UInt8(ascii: "/") { start += 1 }
            if start < end, bytes[end - 1] == UInt8(ascii: "/") { end -= 1 }
            let path = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            let (id, stage) = (route.api.id.bytes, route.stage.bytes)
            let length = id.count + stage.count + method.utf8CodeUnitCount + path.count + 3
            guard length + route.api.arnPrefixLength <= GatewayLoop.methodARNLimit else { return nil }
            var offset = 0
            // The parts add up to `length`, which is less than the scratch holds.
            func put(_ part: UnsafeRawBufferPointer) {
                guard let source = part.baseAddress else { return }
                (scratch + offset).copyMemory(from: source, byteCount: part.count)
                offset += part.count
            }
            func slash() {
                scratch.storeBytes(of: UInt8(ascii: "/"), toByteOffset: offset, as: UInt8.self)
                offset += 1
            }
            put(id)
            slash()
            put(stage)
            slash()
            put(UnsafeRawBufferPointer(start: method.utf8Start, count: method.utf8CodeUnitCount))
            slash()
            put(path)
            return offset
        }
    }

    private func requestFacts(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, resourceLength: Int
    ) -> RequestFacts {
        func value(_ field: Int?) -> UnsafeRawBufferPointer? {
            field.map { UnsafeRawBufferPointer(rebasing: bytes[head.index.fields[$0].value.range]) }
        }
        return RequestFacts(
            resource: UnsafeRawBufferPointer(start: loop.resourceScratch, count: resourceLength),
            userAgent: value(head.index.userAgent), referer: value(head.index.referer),
            // The time that is remembered with the request, so that it can be decided again.
            time: PolicyTime(wallNanoseconds: record.startWall))
    }

    /// Tells the record why the policy refused: which statement, which condition, what it saw.
    func explain(_ refusal: Refusal) {
        guard case .denied(_, let kind) = refusal, let route, let head, let policy = policy(kind)?.policy,
            let length = composeResource(route, head)
        else { return }
        let explanation = head.bytes.withUnsafeReadableBytes { bytes in
            var request = requestFacts(head, bytes, resourceLength: length)
            if kind == .domain, let domain { request.resource = domain.resource.bytes }
            return policy.explain(caller.facts(via: domain?.planned.arn), request)
        }
        record.explained(explanation.summary)
    }

    private func policy(_ kind: PolicyKind) -> PlannedPolicy? {
        switch kind {
        case .endpoint: listener.policy
        case .domain: domain?.planned.policy
        case .api: route?.api.planned.resourcePolicy
        }
    }

    func denialBody(_ refusal: Refusal) -> [UInt8] {
        let decision: Decision = if case .denied(let decision, _) = refusal { decision } else { .implicitDeny }
        guard let route, let head, let length = composeResource(route, head) else { return [] }
        return GatewayResponse.denialBody(
            decision, scope: route.api.planned.scope,
            resource: UnsafeRawBufferPointer(start: loop.resourceScratch, count: length))
    }
}
