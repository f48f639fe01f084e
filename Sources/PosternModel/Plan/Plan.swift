package import PosternPolicy

/// Everything the gateway currently serves, compiled; immutable, published whole, read by every event loop.
package final class Plan: Sendable {
    /// Counts published plans from 1; a connection re-binds its policy when it changes.
    package let generation: Int
    package let apis: [PlannedAPI]
    /// Every stage × route, flat: API by API, stage by stage, in the order declared. `PlannedRoute.index` counts them.
    package let routes: [PlannedRoute]
    /// Every upstream target once.
    package let targets: [UpstreamTarget]
    /// What an operator should know though it is no error: an API that refuses everything, a policy's warnings.
    package let warnings: [Diagnostic]

    private let ids: ByteTable

    init(
        generation: Int, apis: [PlannedAPI], routes: [PlannedRoute], targets: [UpstreamTarget], warnings: [Diagnostic]
    ) {
        self.generation = generation
        self.apis = apis
        self.routes = routes
        self.targets = targets
        self.warnings = warnings
        ids = ByteTable(apis.map(\.id))
    }

    /// The index of the API with this id, the value of `x-apigw-api-id`. Letter case is ignored, as in `Host`.
    package func api(id: Span<UInt8>) -> Int? { ids.number(ofCaseless: id) }

    /// The index of the API that a `Host` names by its first label, `{api-id}` or `{api-id}-{vpce-id}` (reference 3.5),
    /// port and letter case ignored.
    package func api(host: Span<UInt8>) -> Int? {
        var end = 0
        while end < host.count, host[end] != UInt8(ascii: "."), host[end] != UInt8(ascii: ":") { end &+= 1 }
        let label = host.extracting(0..<end)
        if let index = api(id: label) { return index }
        guard let cut = label.endpointSuffix else { return nil }
        return api(id: label.extracting(0..<cut))
    }
}

extension Span<UInt8> {
    /// Where `-vpce-…` begins, letter case ignored. No API id holds it, so the first one is the only one that matters.
    fileprivate var endpointSuffix: Int? {
        let separator: StaticString = "-vpce-"
        guard count > separator.utf8CodeUnitCount + 1 else { return nil }
        return separator.withUTF8Buffer { wanted in
            for start in 1..<(count - wanted.count) where self[start] == wanted[0] {
                var matched = 1
                while matched < wanted.count {
                    let byte = self[start + matched]
                    guard (byte == wanted[matched]) || (byte | 0x20 == wanted[matched] && byte.isUpperCaseLetter) else { break }
                    matched += 1
                }
                if matched == wanted.count { return start }
            }
            return nil
        }
    }
}

/// One API of the plan.
package struct PlannedAPI: Sendable {
    package let id: String
    /// Its place in `Plan.apis`.
    package let index: Int
    package let scope: PolicyScope
    /// nil: every request is refused.
    package let policy: Policy?
    package let stages: [PlannedStage]
    private let names: ByteTable

    init(index: Int, scope: PolicyScope, policy: Policy?, stages: [PlannedStage]) {
        self.id = scope.apiID
        self.index = index
        self.scope = scope
        self.policy = policy
        self.stages = stages
        names = ByteTable(stages.map(\.name))
    }

    /// The stage that the first segment of a request path names, byte for byte.
    package func stage(named name: Span<UInt8>) -> PlannedStage? {
        names.number(of: name).map { stages[$0] }
    }
}

/// One stage of an API: the API's resource tree with routes whose integrations hold this stage's values.
package final class PlannedStage: Sendable {
    package let name: String
    package let apiIndex: Int
    package let tree: ResourceTree
    /// In the order declared.
    package let routes: [PlannedRoute]

    init(name: String, apiIndex: Int, tree: ResourceTree, routes: [PlannedRoute]) {
        self.name = name
        self.apiIndex = apiIndex
        self.tree = tree
        self.routes = routes
    }

    /// The route that serves a request, and where its path parameters stand; nil when the request is unrouted.
    ///
    /// - parameter path: canonical, the stage's segment already removed; `""` and `/` are the root, one trailing slash is
    ///   ignored. Captures are offsets into it.
    package func route(
        path: Span<UInt8>, method: HTTPMethodName, captures: inout PathCaptures
    ) -> PlannedRoute? {
        tree.route(path: path, method: method, captures: &captures).map { routes[$0] }
    }
}

/// A route in one stage.
package final class PlannedRoute: Sendable {
    /// Its place in `Plan.routes` and its slot in the metrics.
    package let index: Int
    package let apiID: String
    package let stage: String
    /// The template, `/order/{id}`.
    package let resourcePath: String
    /// As declared: `GET` or `ANY`.
    package let verb: String
    /// By capture index.
    package let parameterNames: [String]
    package let integration: PlannedIntegration

    init(
        index: Int, apiID: String, stage: String, resourcePath: String, verb: String, parameterNames: [String],
        integration: PlannedIntegration
    ) {
        self.index = index
        self.apiID = apiID
        self.stage = stage
        self.resourcePath = resourcePath
        self.verb = verb
        self.parameterNames = parameterNames
        self.integration = integration
    }
}
