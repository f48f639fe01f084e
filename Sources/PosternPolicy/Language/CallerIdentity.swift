/// Who calls, once it is known; a caller without one is anonymous.
package enum CallerIdentity: Sendable, Hashable {
    /// An AWS principal by its ARN: an account's root, a user, a role, or a session
    /// (`arn:aws:sts::123456789012:assumed-role/Admin/session`).
    case aws(arn: String)
    /// `events.amazonaws.com`
    case service(String)
    /// An identity provider: `accounts.google.com` or the ARN of one.
    case federated(String)
    case canonicalUser(String)
    /// `spiffe://trust-domain/path`
    case spiffe(String)
    /// A local user by name.
    case unixUser(String)

    /// The account of an AWS principal, twelve digits.
    package var account: String? {
        guard case .aws(let arn) = self else { return nil }
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        if parts.count == 6 { return String(parts[4]) }
        return PrincipalName.isAccount(arn) ? arn : nil
    }
}

/// One principal as a policy names it.
enum PrincipalName: Sendable, Hashable {
    case everyone
    /// An account, by its number or the ARN of its root.
    case account(String)
    /// A user, role or session by its ARN.
    case arn(String)
    /// A role: itself and every session of it.
    case role(arn: String, account: String, name: String)
    case service(String?)
    case federated(String?)
    case canonicalUser(String?)
    /// Tokens of a pattern over SPIFFE IDs.
    case spiffe(PatternText)
    case unixUser(String?)

    static func isAccount(_ text: String) -> Bool { text.utf8.count == 12 && text.utf8.allSatisfy(\.isASCIIDigit) }

    /// - Parameter isExcluding: whether it stands under `NotPrincipal`, where an account is its root alone: AWS asks to
    ///   list the account beside its user there, and that exempts the user, not everyone of the account.
    func names(_ caller: CallerIdentity, isExcluding: Bool) -> Bool {
        switch (self, caller) {
        case (.everyone, _): return true
        case (.account(let account), .aws(let arn)):
            guard caller.account == account else { return false }
            return !isExcluding || arn == account || arn.hasSuffix("::\(account):root")
        case (.arn(let own), .aws(let arn)): return own == arn
        case (.role(let own, let account, let name), .aws(let arn)):
            if own == arn { return true }
            let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, parts[2] == "sts", parts[4] == account else { return false }
            return parts[5].hasPrefix("assumed-role/\(name)/")
        case (.service(let own), .service(let name)), (.federated(let own), .federated(let name)),
            (.canonicalUser(let own), .canonicalUser(let name)), (.unixUser(let own), .unixUser(let name)):
            return own == nil || own == name
        case (.spiffe(let pattern), .spiffe(let id)): return pattern.matches(id)
        default: return false
        }
    }
}
