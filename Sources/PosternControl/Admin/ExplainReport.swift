/// The answer of `GET /explain/{id}`: what is known of one request, or why nothing is.
package struct ExplainAnswer: Codable, Sendable {
    package var request: ExplainReport?
    /// When there is none: how many requests are remembered and how far back that reaches.
    package var message: String?

    package init(request: ExplainReport) { self.request = request }
    package init(message: String) { self.message = message }
}

/// Why a request that ended was answered as it was.
package struct ExplainReport: Codable, Sendable {
    /// What one policy on the way said.
    package struct Policy: Codable, Sendable {
        /// `endpoint`, `domain` or `api`.
        package var kind: String
        /// The listener's id, the domain's name or the API's id.
        package var owner: String
        /// nil: it was not asked, because one before it refused.
        package var decision: String?
        package var statements: [Statement]?
        /// For a person.
        package var text: String

        package init(kind: String, owner: String, decision: String?, statements: [Statement]?, text: String) {
            self.kind = kind
            self.owner = owner
            self.decision = decision
            self.statements = statements
            self.text = text
        }
    }

    package struct Statement: Codable, Sendable {
        package var label: String
        package var effect: String
        /// `file:line:column`
        package var position: String
        package var applied: Bool
        package var shadow: Bool
        package var principalMatched: Bool
        package var actionMatched: Bool
        package var resourceMatched: Bool
        package var conditions: [Condition]

        package init(
            label: String, effect: String, position: String, applied: Bool, shadow: Bool, principalMatched: Bool,
            actionMatched: Bool, resourceMatched: Bool, conditions: [Condition]
        ) {
            self.label = label
            self.effect = effect
            self.position = position
            self.applied = applied
            self.shadow = shadow
            self.principalMatched = principalMatched
            self.actionMatched = actionMatched
            self.resourceMatched = resourceMatched
            self.conditions = conditions
        }
    }

    package struct Condition: Codable, Sendable {
        package var name: String
        package var seen: String?
        package var matched: Bool
        package var position: String

        package init(name: String, seen: String?, matched: Bool, position: String) {
            self.name = name
            self.seen = seen
            self.matched = matched
            self.position = position
        }
    }

    package var requestID = ""
    package var extendedRequestID = ""
    /// RFC 3339, UTC.
    package var time = ""
    /// Of the configuration that it was served by.
    package var generation = 0
    package var listener = ""
    package var endpoint: String?
    package var vpc: String?
    package var sourceIP: String?
    package var connectionID: UInt64 = 0
    package var method = ""
    package var path = ""
    package var host = ""
    package var domain: String?
    package var api: String?
    package var stage: String?
    /// `GET /order/{id}`
    package var route: String?
    /// What the policies were asked about, behind the account.
    package var resource: String?
    package var userAgent: String?
    package var referer: String?
    package var status = 0
    /// `none` when no policy was asked.
    package var decision = "none"
    package var refusedBy: String?
    /// The gateway response.
    package var refusal: String?
    package var reason: String?
    /// What decided, in a sentence.
    package var outcome = ""
    /// What limits this explanation.
    package var notes: [String] = []
    /// In the order asked.
    package var policies: [Policy] = []

    package init() {}
}
