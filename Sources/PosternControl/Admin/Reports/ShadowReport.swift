/// The answer of `GET /shadow`: what statements in shadow mode would have done, by route.
package struct ShadowReport: Codable, Sendable {
    package struct Row: Codable, Sendable {
        package var api: String
        package var stage: String
        /// `GET /order/{id}`
        package var route: String
        /// `endpoint`, `domain` or `api`.
        package var policy: String
        /// The listener's id, the domain's name or the API's id.
        package var owner: String
        package var statement: String
        /// Requests on the route that the policy was asked about.
        package var requests: Int
        package var wouldDeny: Int
        package var wouldAllow: Int
        /// The last request that it would have made a difference to.
        package var exampleRequestID: String?
        /// RFC 3339, UTC.
        package var exampleTime: String?

        package init(
            api: String, stage: String, route: String, policy: String, owner: String, statement: String, requests: Int,
            wouldDeny: Int, wouldAllow: Int, exampleRequestID: String?, exampleTime: String?
        ) {
            self.api = api
            self.stage = stage
            self.route = route
            self.policy = policy
            self.owner = owner
            self.statement = statement
            self.requests = requests
            self.wouldDeny = wouldDeny
            self.wouldAllow = wouldAllow
            self.exampleRequestID = exampleRequestID
            self.exampleTime = exampleTime
        }
    }

    /// Statements in shadow mode that are served.
    package var statements: Int
    /// Of routes that have had a request.
    package var rows: [Row]

    package init(statements: Int, rows: [Row]) {
        self.statements = statements
        self.rows = rows
    }
}
