/// What a caller may be allowed to do to an API. Names are compared without regard to case.
package enum PolicyAction: String, Sendable, CaseIterable {
    /// Send a request to a route: the action of every request that is served.
    case invoke = "execute-api:Invoke"
    case invalidateCache = "execute-api:InvalidateCache"
    case manageConnections = "execute-api:ManageConnections"
}
