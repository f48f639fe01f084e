package import PosternPolicy

/// The outcome of asking about one request: what is known of it, or why nothing is.
package enum ExplainAnswer: Sendable {
    case request(ExplainReport)
    /// How many requests are remembered and how far back that reaches.
    case unknown(ExplainFailure)
}

package struct ExplainFailure: Codable, Sendable {
    package var message: String

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
        /// For a person.
        package var text: String
        /// For programs. nil: the policy was not asked, because one before it refused; and where the report was received.
        package var explanation: Explanation?

        private enum CodingKeys: String, CodingKey { case kind, owner, text, explanation }

        package init(kind: String, owner: String, text: String, explanation: Explanation?) {
            self.kind = kind
            self.owner = owner
            self.text = text
            self.explanation = explanation
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            kind = try container.decode(String.self, forKey: .kind)
            owner = try container.decode(String.self, forKey: .owner)
            text = try container.decode(String.self, forKey: .text)
        }
    }

    /// Who connected a Unix socket.
    package struct UnixPeer: Codable, Sendable {
        package var uid: UInt32?
        package var gid: UInt32?
        package var user: String?
        package var group: String?
        package var unit: String?

        package init(uid: UInt32?, gid: UInt32?, user: String?, group: String?, unit: String?) {
            self.uid = uid
            self.gid = gid
            self.user = user
            self.group = group
            self.unit = unit
        }
    }

    /// The caller's, as policies know it.
    package struct Certificate: Codable, Sendable {
        /// RFC 4514.
        package var subject: String?
        package var issuer: String?
        package var serial: String?
        package var fingerprint: String?
        package var spiffeID: String?

        package init(subject: String?, issuer: String?, serial: String?, fingerprint: String?, spiffeID: String?) {
            self.subject = subject
            self.issuer = issuer
            self.serial = serial
            self.fingerprint = fingerprint
            self.spiffeID = spiffeID
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
    package var interface: String?
    /// nil but on a Unix socket.
    package var unix: UnixPeer?
    package var connectionID: UInt64 = 0
    /// nil without a client certificate.
    package var certificate: Certificate?
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
