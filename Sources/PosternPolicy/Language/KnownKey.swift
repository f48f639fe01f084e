/// The condition keys that a connection or a request of this gateway can supply; raw values are AWS's spellings, and
/// ours under `postern:`.
enum KnownKey: String, Sendable, Hashable, CaseIterable {
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
    /// The time of the request; never absent.
    case currentTime = "aws:CurrentTime"
    /// The same in whole seconds since 1970; never absent.
    case epochTime = "aws:EpochTime"
    /// The time of the request as a minute of the day in UTC, `09:00`; never absent. AWS knows absolute dates only.
    case timeOfDay = "postern:TimeOfDay"
    /// The day of the request in UTC, `Monday`; never absent.
    case dayOfWeek = "postern:DayOfWeek"
    /// The resource on whose behalf a service calls.
    case sourceArn = "aws:SourceArn"
    case sourceAccount = "aws:SourceAccount"
    /// The private custom domain that the request came by.
    case viaDomainArn = "execute-api:viaDomainArn"

    // Of authenticated principals; absent for anonymous callers.
    case principalArn = "aws:PrincipalArn"
    case principalAccount = "aws:PrincipalAccount"
    case principalType = "aws:PrincipalType"
    case userID = "aws:userid"
    case username = "aws:username"
    case principalOrgID = "aws:PrincipalOrgID"
    case principalOrgPaths = "aws:PrincipalOrgPaths"
    case tokenIssueTime = "aws:TokenIssueTime"
    case multiFactorAuthPresent = "aws:MultiFactorAuthPresent"
    case multiFactorAuthAge = "aws:MultiFactorAuthAge"

    // Of a Unix socket's peer; absent elsewhere.
    case unixUID = "postern:UnixUid"
    case unixGID = "postern:UnixGid"
    case unixUser = "postern:UnixUser"
    case unixGroup = "postern:UnixGroup"
    /// The peer's systemd unit.
    case systemdUnit = "postern:SystemdUnit"
    /// The network interface of the listening socket.
    case localInterface = "postern:LocalInterface"

    // Of a verified client certificate; absent without one.
    case certificateSPIFFEID = "postern:CertificateSpiffeId"
    case certificateSubject = "postern:CertificateSubject"
    case certificateIssuer = "postern:CertificateIssuer"
    case certificateSerial = "postern:CertificateSerial"
    case certificateFingerprint = "postern:CertificateFingerprint"
    case certificateSANDNS = "postern:CertificateSanDns"
    case certificateSANURI = "postern:CertificateSanUri"
    case certificateNotAfter = "postern:CertificateNotAfter"

    /// A key with a name of the author's in it (`aws:PrincipalTag/team`), or, outside the gateway, any other key.
    case named = ""

    /// What kind of value a key holds, and so which operators fit it.
    enum Kind { case address, text, arn, flag, date, epoch, number, numberOrText, timeOfDay }

    var kind: Kind {
        switch self {
        case .sourceIP, .vpcSourceIP: .address
        case .secureTransport, .multiFactorAuthPresent: .flag
        case .currentTime, .tokenIssueTime, .certificateNotAfter: .date
        case .epochTime: .epoch
        case .sourceArn, .viaDomainArn, .principalArn: .arn
        case .multiFactorAuthAge: .number
        case .timeOfDay: .timeOfDay
        case .unixUID, .unixGID: .numberOrText
        default: .text
        }
    }

    /// Whether the value may differ between two requests of one connection.
    var isRequestFact: Bool {
        switch self {
        case .userAgent, .referer: true
        default: isTime
        }
    }

    /// Whether it tells the time of the request.
    var isTime: Bool {
        switch self {
        case .currentTime, .epochTime, .timeOfDay, .dayOfWeek: true
        default: false
        }
    }

    /// Such a key asks for `ForAllValues:` or `ForAnyValue:`, and cannot stand in a variable.
    var holdsSeveralValues: Bool {
        self == .principalOrgPaths || self == .certificateSANDNS || self == .certificateSANURI
    }

    static let names = allCases.map(\.rawValue).filter { !$0.isEmpty }

    static let byLowercasedName = Dictionary(
        uniqueKeysWithValues: allCases.filter { $0 != .named }.map { (asciiLowercased($0.rawValue), $0) })
}
