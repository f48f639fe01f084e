/// What makes a route the same route before and after a reload; also its labels.
package struct RouteIdentity: Sendable, Hashable {
    package var api: String
    package var stage: String
    /// The template, `/order/{id}`.
    package var resourcePath: String
    /// `GET`, or `ANY`.
    package var verb: String

    package init(api: String, stage: String, resourcePath: String, verb: String) {
        self.api = api
        self.stage = stage
        self.resourcePath = resourcePath
        self.verb = verb
    }

    /// Stands for requests that were refused before they had a route.
    package static let unrouted = RouteIdentity(api: "", stage: "", resourcePath: "", verb: "")
}
