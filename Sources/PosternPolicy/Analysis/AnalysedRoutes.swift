/// The routes of an API as an analysis of its policy wants them. Routing itself is the model's; what of it decides which
/// paths a route can see is repeated by ``ResourceLanguage``.
package struct AnalysedRoutes: Sendable {
    package enum Part: Sendable, Hashable {
        case literal(String)
        /// `{name}`: one segment.
        case parameter(String)
        /// `{name+}`: one or more segments.
        case greedy(String)

        var text: String {
            switch self {
            case .literal(let text): text
            case .parameter(let name): "{\(name)}"
            case .greedy(let name): "{\(name)+}"
            }
        }
    }

    package struct Route: Sendable, Hashable {
        /// `GET`, or `ANY` for all seven.
        package var verb: String
        package var path: [Part]

        package init(verb: String, path: [Part]) {
            self.verb = verb
            self.path = path
        }

        var pathText: String { "/" + path.map(\.text).joined(separator: "/") }
    }

    package var stages: [String]
    /// The same in every stage.
    package var routes: [Route]

    package init(stages: [String], routes: [Route]) {
        self.stages = stages
        self.routes = routes
    }

    static let methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
}
