/// Requests that were really made, decided once more by the policies before a reload and by those after it.
package struct DecisionChangeReport: Codable, Sendable, Equatable {
    package struct Group: Codable, Sendable, Equatable {
        /// `shop/prod GET /order/{id}`
        package var route: String
        /// `denied` or `allowed`, newly.
        package var change: String
        package var requests: Int
        /// The policy that decides now: `endpoint`, `domain` or `api`, and whose it is.
        package var policy: String
        package var owner: String
        /// nil: no statement allows any more.
        package var statement: String?
        package var exampleRequestID: String

        package init(
            route: String, change: String, requests: Int, policy: String, owner: String, statement: String?,
            exampleRequestID: String
        ) {
            self.route = route
            self.change = change
            self.requests = requests
            self.policy = policy
            self.owner = owner
            self.statement = statement
            self.exampleRequestID = exampleRequestID
        }
    }

    /// Requests that were remembered, and those of them that both configurations could be asked about.
    package var remembered: Int
    package var compared: Int
    /// Whether the time was up before all of them were compared.
    package var partial: Bool
    package var groups: [Group]

    package init(remembered: Int, compared: Int, partial: Bool, groups: [Group]) {
        self.remembered = remembered
        self.compared = compared
        self.partial = partial
        self.groups = groups
    }
}
