import NIOCore
import PosternHTTP
import PosternModel
import PosternTelemetry

extension Exchange {
    /// Host or API id → API, first path segment → stage, the rest → resource and method (reference, sections 2.1 and 3.5);
    /// or the domain that `Host` names, its base path → API and stage (section 3.6).
    func findRoute(_ head: RequestHead) throws(Refusal) -> ServedRoute {
        let served = loop.served
        let buffer = head.bytes
        let bytes = buffer.readableBytesUInt8Span
        guard let plan = served.plan else { throw .unknownAPI }
        let path = bytes.extracting(head.index.path.range)
        let stage: PlannedStage
        if let domain = plan.domain(host: bytes.extracting(head.index.host.range)) {
            self.domain = served.domains[domain.index]
            stage = try findStage(in: domain, path, try namedAPI(head, bytes, plan))
        } else {
            let api = served.apis[try findAPI(head, bytes, plan)]
            self.api = api
            stage = try findStage(of: api.planned, in: path, from: 0)
        }

        method = routedMethod(head, bytes)
        let rest = path.extracting(record.pathOffset..<path.count)
        guard let route = stage.route(path: rest, method: method, captures: &captures) else { throw .unrouted }
        let found = served.routes[route.index]
        self.route = found
        record.slot = loop.metrics.beginRequest(route: route.index)
        return found
    }

    /// The stage that a domain's mapping gives, or the segment behind the base path.
    private func findStage(
        in domain: PlannedDomain, _ path: Span<UInt8>, _ named: Int?
    ) throws(Refusal) -> PlannedStage {
        guard let (mapping, end) = domain.mapping(of: path) else { throw .unknownBasePath }
        guard named == nil || named == mapping.api.index else { throw .conflictingAPI }
        let api = loop.served.apis[mapping.api.index]
        self.api = api
        guard let stage = mapping.stage else { return try findStage(of: mapping.api, in: path, from: end) }
        self.stage = api.stages[stage.index]
        record.pathOffset = end
        return stage
    }

    /// The stage named by the segment that begins at `start`.
    private func findStage(
        of api: PlannedAPI, in path: Span<UInt8>, from start: Int
    ) throws(Refusal) -> PlannedStage {
        let rest = path.extracting(start..<path.count)
        let end = rest.endOfFirstSegment
        guard end > 1, let stage = api.stage(named: rest.extracting(1..<end)) else { throw .unknownStage }
        self.stage = loop.served.apis[api.index].stages[stage.index]
        record.pathOffset = start + end
        return stage
    }

    /// The API that `x-apigw-api-id` names; nil without the field.
    private func namedAPI(_ head: RequestHead, _ bytes: Span<UInt8>, _ plan: Plan) throws(Refusal) -> Int? {
        guard let field = head.index.apiID else { return nil }
        guard let index = plan.api(id: bytes.extracting(head.index.fields[field].value.range)) else {
            throw .unknownAPI
        }
        return index
    }

    /// A `Host` that names an API and an `x-apigw-api-id` must agree; the listener's default serves where neither names one.
    private func findAPI(_ head: RequestHead, _ bytes: Span<UInt8>, _ plan: Plan) throws(Refusal) -> Int {
        let host = head.index.host
        let byHost = host.isEmpty ? nil : plan.api(host: bytes.extracting(host.range))
        if let byID = try namedAPI(head, bytes, plan) {
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
