import NIOCore
import PosternHTTP
import PosternTelemetry

extension Exchange {
    /// Keeps what it takes to explain this request, and to decide it again when policies change.
    func remember() {
        guard let ring = loop.ring else { return }
        var entry = ring.next()
        record.fill(&entry)
        entry.slot.pointee.origin = origin
        entry.slot.pointee.generation = generation
        if let api { entry.put(.api, api.id.bytes) }
        if let stage { entry.put(.stage, stage.bytes) }
        if let domain { entry.put(.domain, domain.name.bytes) }
        if let route {
            entry.put(.verb, route.verb.bytes)
            entry.put(.resourcePath, route.resourcePath.bytes)
        }
        guard let head else { return }
        if let route, let length = composeResource(route, head) {
            entry.put(.resource, UnsafeRawBufferPointer(start: loop.resourceScratch, count: length))
        }
        head.bytes.withUnsafeReadableBytes { bytes in
            func part(_ range: HeadRange) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[range.range])
            }
            entry.put(.method, head.routedMethod(bytes))
            entry.put(.path, head.shownPath(bytes))
            if let field = head.index.userAgent { entry.put(.userAgent, part(head.index.fields[field].value)) }
            if let field = head.index.referer { entry.put(.referer, part(head.index.fields[field].value)) }
            entry.put(.host, part(head.index.host))
        }
    }
}

extension RequestHead {
    /// As it was routed and as the policy saw it.
    func routedMethod(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let range = index.methodOverride.map { index.fields[$0].value } ?? index.methodRange
        return UnsafeRawBufferPointer(rebasing: bytes[range.range])
    }

    /// The path, or what a target that was refused says of it; never the query.
    func shownPath(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard index.path.isEmpty else { return UnsafeRawBufferPointer(rebasing: bytes[index.path.range]) }
        let target = UnsafeRawBufferPointer(rebasing: bytes[index.target.range])
        guard let end = target.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return UnsafeRawBufferPointer(rebasing: target[..<end])
    }
}
