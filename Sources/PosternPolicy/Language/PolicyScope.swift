/// What a policy protects, by the names that stand in its ARNs: they complete `execute-api:/…` and appear in refusals.
package struct PolicyScope: Sendable, Hashable {
    /// What the policy stands in front of, and so what it is asked about (reference, section 1.3).
    package enum Subject: Sendable, Hashable {
        /// The methods of one API.
        case api
        /// The methods of every API behind an endpoint; the scope's `apiID` is empty.
        case endpoint
        /// A private custom domain, by the sixth segment of its ARN: `/domainnames/{name}+{domain-id}`; the scope's
        /// `apiID` is empty.
        case domain(resource: String)
    }

    package var partition: String
    package var region: String
    /// Twelve digits.
    package var account: String
    package var apiID: String
    package var subject: Subject

    package init(
        partition: String = "aws", region: String, account: String, apiID: String, subject: Subject = .api
    ) {
        self.partition = partition
        self.region = region
        self.account = account
        self.apiID = apiID
        self.subject = subject
    }

    /// What every ARN of the account begins with, up to the sixth segment: `arn:aws:execute-api:{region}:{account}:`.
    package var arnPrefix: String { "arn:\(partition):execute-api:\(region):\(account):" }
}
