/// How a reload ended.
package struct ReloadReport: Codable, Sendable, Equatable {
    package var succeeded: Bool
    /// The generation that is served now.
    package var generation: Int
    /// Lines for a person: what was opened and closed, or every problem with its place.
    package var messages: [String]
    /// What the new policies would have made of the last requests; nil when no policy changed.
    package var decisionChanges: DecisionChangeReport?

    package init(
        succeeded: Bool, generation: Int, messages: [String], decisionChanges: DecisionChangeReport? = nil
    ) {
        self.succeeded = succeeded
        self.generation = generation
        self.messages = messages
        self.decisionChanges = decisionChanges
    }
}
