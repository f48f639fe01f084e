/// A fact that conditions may speak of. Names are compared without regard to case; these are AWS's spellings.
package enum ConditionKey: String, Sendable, Hashable, CaseIterable {
    /// The peer's address; absent on a Unix socket. AWS leaves open whether private requests carry it: here they do.
    case sourceIP = "aws:SourceIp"
    /// The same address under the name that AWS's examples for private APIs use.
    case vpcSourceIP = "aws:VpcSourceIp"
    /// The network that the source endpoint belongs to; absent if its listener names none.
    case sourceVPC = "aws:SourceVpc"
    /// The source endpoint (listener) that the connection came by.
    case sourceVPCE = "aws:SourceVpce"
    /// The request's field of that name; absent if it was not sent.
    case userAgent = "aws:UserAgent"
    /// The request's field of that name; absent if it was not sent.
    case referer = "aws:Referer"
    /// Whether the connection is TLS; never absent.
    case secureTransport = "aws:SecureTransport"

    /// What kind of value a key holds, and so which operators fit it.
    enum Kind { case address, text, flag }

    var kind: Kind {
        switch self {
        case .sourceIP, .vpcSourceIP: .address
        case .sourceVPC, .sourceVPCE, .userAgent, .referer: .text
        case .secureTransport: .flag
        }
    }

    /// Whether the value may differ between two requests of one connection.
    var isRequestFact: Bool { self == .userAgent || self == .referer }

    static let byLowercasedName = Dictionary(
        uniqueKeysWithValues: ConditionKey.allCases.map { (asciiLowercased($0.rawValue), $0) })

    /// Keys of the AWS language that are not evaluated yet: a document that uses one is refused.
    static let unsupportedNames = [
        "aws:CurrentTime", "aws:EpochTime", "aws:SourceArn", "aws:SourceAccount", "aws:PrincipalArn",
        "aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:userid",
        "aws:username", "aws:TokenIssueTime", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge",
        "execute-api:viaDomainArn",
    ]

    /// The families of keys whose last part is a name of the author's.
    static let unsupportedPrefixes = ["aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/"]
}
