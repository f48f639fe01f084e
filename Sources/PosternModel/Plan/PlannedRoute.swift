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
