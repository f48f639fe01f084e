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
}

/// One principal as a policy names it.
enum PrincipalName: Sendable, Hashable {
    case everyone
    /// An account by its number, which is one of any partition, or by the ARN of its root, which names its partition.
    case account(String, partition: String? = nil)
    /// A user, role or session by its ARN.
    case arn(String)
    /// A role: itself and every session of it.
    case role(arn: String, partition: String, account: String, name: String)
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
        case (.account(let account, let partition), .aws(let arn)):
            if isSame(arn, account) { return true }
            let parts = arn.parts(at: ":", maxSplits: 5)
            guard parts.count == 6, parts[0] == "arn", parts[4] == account else { return false }
            if let partition, parts[1] != partition { return false }
            return !isExcluding || parts[2] == "iam" && parts[3].isEmpty && parts[5] == "root"
        case (.arn(let own), .aws(let arn)): return isSame(own, arn)
        case (.role(let own, let partition, let account, let name), .aws(let arn)):
            let session = "arn:\(partition):sts::\(account):assumed-role/\(name)/"
            return isSame(own, arn) || arn.utf8.starts(with: session.utf8)
        case (.service(let own), .service(let name)), (.federated(let own), .federated(let name)),
            (.canonicalUser(let own), .canonicalUser(let name)), (.unixUser(let own), .unixUser(let name)):
            return own.map { isSame($0, name) } ?? true
        case (.spiffe(let pattern), .spiffe(let id)): return pattern.matches(id)
        default: return false
        }
    }

    /// Byte by byte: to Swift's own comparison texts are equal that Unicode calls equivalent.
    private func isSame(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
}

extension String {
    /// Cuts at a byte of ASCII. Swift's own cuts between characters, where a combining mark hides the separator before it.
    func parts(at separator: Unicode.Scalar, maxSplits: Int = .max) -> [String] {
        utf8.split(separator: UInt8(ascii: separator), maxSplits: maxSplits, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
