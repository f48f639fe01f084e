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
            policy.decide(requestFacts(head, bytes, resourceLength: length))
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
            userAgent: value(head.index.userAgent), referer: value(head.index.referer))
    }

    /// Tells the record why the policy refused: which statement, which condition, what it saw.
    func explain(_ refusal: Refusal) {
        guard case .denied = refusal, let route, let head, let policy = route.api.planned.policy,
            let length = composeResource(route, head)
        else { return }
        let explanation = head.bytes.withUnsafeReadableBytes { bytes in
            policy.explain(caller.facts, requestFacts(head, bytes, resourceLength: length))
        }
        record.explained(explanation.summary)
    }

    func denialBody(_ refusal: Refusal) -> [UInt8] {
        let decision: Decision = if case .denied(let decision) = refusal { decision } else { .implicitDeny }
        guard let route, let head, let length = composeResource(route, head) else { return [] }
        return GatewayResponse.denialBody(
            decision, scope: route.api.planned.scope,
            resource: UnsafeRawBufferPointer(start: loop.resourceScratch, count: length))
    }
}
