import NIOCore
import PosternHTTP
import PosternModel
import PosternTelemetry

extension Exchange {
    /// Host or API id → API, first path segment → stage, the rest → resource and method (reference, sections 2.1 and 3.5).
    func findRoute(_ head: RequestHead) throws(Refusal) -> ServedRoute {
        let served = loop.served
        let buffer = head.bytes
        let bytes = buffer.readableBytesUInt8Span
        guard let plan = served.plan else { throw .unknownAPI }
        let api = served.apis[try findAPI(head, bytes, plan)]
        self.api = api

        let path = bytes.extracting(head.index.path.range)
        var stageEnd = 1
        while stageEnd < path.count, path[stageEnd] != UInt8(ascii: "/") { stageEnd &+= 1 }
        guard let stage = api.planned.stage(named: path.extracting(1..<stageEnd)) else { throw .unknownStage }
        record.pathOffset = stageEnd

        method = routedMethod(head, bytes)
        let rest = path.extracting(stageEnd..<path.count)
        guard let route = stage.route(path: rest, method: method, captures: &captures) else { throw .unrouted }
        let found = served.routes[route.index]
        self.route = found
        record.slot = loop.metrics.beginRequest(route: route.index)
        return found
    }

    /// A `Host` that names an API and an `x-apigw-api-id` must agree; the listener's default serves where neither names one.
    private func findAPI(_ head: RequestHead, _ bytes: Span<UInt8>, _ plan: Plan) throws(Refusal) -> Int {
        let host = head.index.host
        let byHost = host.isEmpty ? nil : plan.api(host: bytes.extracting(host.range))
        if let field = head.index.apiID {
            guard let byID = plan.api(id: bytes.extracting(head.index.fields[field].value.range)) else {
                throw .unknownAPI
            }
            guard byHost == nil || byHost == byID else { throw .conflictingAPI }
            return byID
        }
        if let byHost { return byHost }
        let name = listener.defaultAPI
        guard let index = plan.api(id: name.span) else { throw .unknownAPI }
        return index
    }

    /// The request's method, or what `X-HTTP-Method-Override` makes of it before routing (reference, section 2.2).
    private func routedMethod(_ head: RequestHead, _ bytes: Span<UInt8>) -> HTTPMethodName {
        guard let field = head.index.methodOverride else { return HTTPMethodName(head.index.method) }
        return HTTPMethodName(bytes.extracting(head.index.fields[field].value.range))
    }
}

extension HTTPMethodName {
    init(_ method: HTTPMethod) {
        self =
            switch method {
            case .get: .get
            case .head: .head
            case .post: .post
            case .put: .put
            case .delete: .delete
            case .patch: .patch
            case .options: .options
            case .other: .other
            }
    }

    var wire: HTTPMethod {
        switch self {
        case .get: .get
        case .head: .head
        case .post: .post
        case .put: .put
        case .delete: .delete
        case .patch: .patch
        case .options: .options
        case .other: .other
        }
    }
}
