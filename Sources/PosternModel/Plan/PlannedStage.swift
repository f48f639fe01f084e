/// One stage of an API: the API's resource tree with routes whose integrations hold this stage's values.
package final class PlannedStage: Sendable {
    package let name: String
    package let apiIndex: Int
    /// Its place in `PlannedAPI.stages`.
    package let index: Int
    package let tree: ResourceTree
    /// In the order declared.
    package let routes: [PlannedRoute]

    init(name: String, apiIndex: Int, index: Int, tree: ResourceTree, routes: [PlannedRoute]) {
        self.name = name
        self.apiIndex = apiIndex
        self.index = index
        self.tree = tree
        self.routes = routes
    }

    /// The route that serves a request, and where its path parameters stand; nil when the request is unrouted.
    ///
    /// - parameter path: canonical, the stage's segment already removed; `""` and `/` are the root, one trailing slash
    ///   is ignored. Captures are offsets into it.
    package func route(
        path: Span<UInt8>, method: HTTPMethodName, captures: inout PathCaptures
    ) -> PlannedRoute? {
        tree.route(path: path, method: method, captures: &captures).map { routes[$0] }
    }
}
