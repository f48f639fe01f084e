/// The API that a policy protects, by the names that stand in its ARNs: they complete `execute-api:/…` and appear in
/// refusals.
package struct PolicyScope: Sendable, Hashable {
    package var partition: String
    package var region: String
    /// Twelve digits.
    package var account: String
    package var apiID: String

    package init(partition: String = "aws", region: String, account: String, apiID: String) {
        self.partition = partition
        self.region = region
        self.account = account
        self.apiID = apiID
    }

    /// What every invoke ARN of this API begins with, up to the sixth segment: `arn:aws:execute-api:{region}:{account}:`.
    package var arnPrefix: String { "arn:\(partition):execute-api:\(region):\(account):" }
}
