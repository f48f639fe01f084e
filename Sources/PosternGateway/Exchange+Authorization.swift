import NIOCore
import PosternHTTP
import PosternModel
import PosternPolicy

/// Proof that the resource policy allowed this request. Only this file can make one, and only a permit reaches an
/// integration, so no path through the gateway can leave the policy out.
struct Permit: ~Copyable {
    let route: ServedRoute

    fileprivate init(_ route: ServedRoute) { self.route = route }
}

extension Exchange {
    /// Asks the API's resource policy (reference, sections 1.3 to 1.6). An API without one refuses everything.
    func authorize(_ route: ServedRoute, _ head: RequestHead) throws(Refusal) -> Permit {
        let api = route.api.planned
        let served = loop.served
        guard let length = composeResource(route, head) else { throw .methodARNTooLong }
        guard let policy = caller.policy(of: api, generation: served.generation, apis: served.apis.count) else {
            throw .noPolicy
        }
        let decision = head.bytes.withUnsafeReadableBytes { bytes in
            policy.decide(requestFacts(head.index, bytes, resourceLength: length))
        }
        record.decided(decision)
        guard case .allow = decision else { throw .denied(decision) }
        return Permit(route)
    }

    /// Puts `{api-id}/{stage}/{METHOD}/{path}` into the loop's scratch: the canonical path that the router took, without its
    /// slash in front and at the end.
    ///
    /// - Returns: its length, or nil when the method's ARN would be too long.
    private func composeResource(_ route: ServedRoute, _ head: RequestHead) -> Int? {
        let scratch = loop.resourceScratch
        let method = method.wire.name
        return head.bytes.withUnsafeReadableBytes { bytes in
            var path = UnsafeRawBufferPointer(rebasing: bytes[head.index.path.range].dropFirst(record.pathOffset))
            if path.first == UInt8(ascii: "/") { path = UnsafeRawBufferPointer(rebasing: path.dropFirst()) }
            if path.last == UInt8(ascii: "/") { path = UnsafeRawBufferPointer(rebasing: path.dropLast()) }
            let parts = (route.api.id.bytes, route.stage.bytes, path)
            let length = parts.0.count + parts.1.count + method.utf8CodeUnitCount + parts.2.count + 3
            guard length + route.api.arnPrefixLength <= GatewayLoop.methodARNLimit else { return nil }
            var offset = 0
            // `length` fits the scratch, and is the sum of what is copied here.
            func put(_ part: UnsafeRawBufferPointer) {
                UnsafeMutableRawBufferPointer(rebasing: scratch[offset..<(offset + part.count)]).copyMemory(from: part)
                offset += part.count
            }
            func slash() {
                scratch[offset] = UInt8(ascii: "/")
                offset += 1
            }
            put(parts.0)
            slash()
            put(parts.1)
            slash()
            put(UnsafeRawBufferPointer(start: method.utf8Start, count: method.utf8CodeUnitCount))
            slash()
            put(parts.2)
            return offset
        }
    }

    private func requestFacts(
        _ head: RequestHeadIndex, _ bytes: UnsafeRawBufferPointer, resourceLength: Int
    ) -> RequestFacts {
        func value(_ field: Int?) -> UnsafeRawBufferPointer? {
            field.map { UnsafeRawBufferPointer(rebasing: bytes[head.fields[$0].value.range]) }
        }
        return RequestFacts(
            resource: UnsafeRawBufferPointer(rebasing: loop.resourceScratch[..<resourceLength]),
            userAgent: value(head.userAgent), referer: value(head.referer))
    }

    /// Tells the record why the policy refused: which statement, which condition, what it saw.
    func explain(_ refusal: Refusal) {
        guard case .denied = refusal, let route, let head, let policy = route.api.planned.policy,
            let length = composeResource(route, head)
        else { return }
        let explanation = head.bytes.withUnsafeReadableBytes { bytes in
            policy.explain(caller.facts, requestFacts(head.index, bytes, resourceLength: length))
        }
        record.explained(explanation.summary)
    }

    func denialBody(_ refusal: Refusal) -> [UInt8] {
        let decision: Decision = if case .denied(let decision) = refusal { decision } else { .implicitDeny }
        guard let route, let head, let length = composeResource(route, head) else { return [] }
        return GatewayResponse.denialBody(
            decision, scope: route.api.planned.scope,
            resource: UnsafeRawBufferPointer(rebasing: loop.resourceScratch[..<length]))
    }
}
