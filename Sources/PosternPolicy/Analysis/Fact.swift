/// What an analysis can vary for itself: each fact takes one of its values whatever the others are, but for the few ties
/// that ``Ties`` knows.
enum Fact: Hashable {
    /// A comparison with variables, whose outcome no single fact decides: it is tried both ways.
    case unresolved(String)
    case secureTransport
    case principal
    /// A key of its own, by its lower-case name.
    case key(String)
    case address
    case time
    case resource

    init(_ key: ConditionKey) {
        self =
            switch key.known {
            case .sourceIP, .vpcSourceIP: .address
            case .currentTime, .epochTime: .time
            case .secureTransport: .secureTransport
            default: .key(key.lowercased)
            }
    }

    static let endpoint = Fact.key(asciiLowercased(KnownKey.sourceVPCE.rawValue))
    static let spiffeID = Fact.key(asciiLowercased(KnownKey.certificateSPIFFEID.rawValue))
    static let unixUser = Fact.key(asciiLowercased(KnownKey.unixUser.rawValue))

    var known: KnownKey? {
        guard case .key(let name) = self else { return nil }
        return KnownKey.byLowercasedName[name] ?? .named
    }

    /// The name that lines about it begin with.
    var title: String {
        switch self {
        case .unresolved(let text): text
        case .secureTransport: KnownKey.secureTransport.rawValue
        case .principal: "principal"
        case .key(let name): KnownKey.byLowercasedName[name]?.rawValue ?? name
        case .address: "address"
        case .time: "time"
        case .resource: "resource"
        }
    }

    /// Whether no request lacks it.
    var isAlwaysThere: Bool {
        switch self {
        case .secureTransport, .time, .resource: true
        default: self == Fact.endpoint || isOfDay
        }
    }

    /// Whether it follows from the time, over and over.
    var isOfDay: Bool { known == .timeOfDay || known == .dayOfWeek }

    /// Whether callers choose it freely, or the clock does: it keeps nobody out.
    var isFree: Bool {
        switch self {
        case .time, .resource: true
        default: known == .userAgent || known == .referer || isOfDay
        }
    }

    /// Whether it is known of authenticated principals only, and may then have several values.
    var isOfPrincipal: Bool {
        switch known {
        case .principalArn, .principalAccount, .principalType, .userID, .username, .principalOrgID,
            .principalOrgPaths, .tokenIssueTime, .multiFactorAuthPresent, .multiFactorAuthAge, .named:
            true
        default: false
        }
    }

    /// Whether a request may hold several values of it.
    var holdsList: Bool {
        switch known {
        case .sourceArn, .sourceAccount, .certificateSANDNS, .certificateSANURI: true
        default: isOfPrincipal
        }
    }

    /// The order in which facts are tried and told: few values first, what a change is about last.
    var rank: Int {
        switch self {
        case .unresolved: 0
        case .secureTransport: 1
        case .principal: 2
        case .key: isFree ? 5 : self == Fact.endpoint ? 4 : 3
        case .time: 6
        case .address: 7
        case .resource: 8
        }
    }
}

/// Which values of different facts can never meet, as sets of two flags for each family of facts: something of the family
/// is there, the family is absent as a whole. Both together never happen.
struct Ties: OptionSet, Hashable {
    var rawValue: UInt8

    static let unixPeer = Ties(rawValue: 1)
    static let noUnixPeer = Ties(rawValue: 2)
    static let certificate = Ties(rawValue: 4)
    static let noCertificate = Ties(rawValue: 8)
    static let principal = Ties(rawValue: 16)
    static let noPrincipal = Ties(rawValue: 32)

    var isPossible: Bool { rawValue & (rawValue >> 1) & 0b010101 == 0 }

    /// What follows from a fact's being there or not.
    init(_ fact: Fact, isAbsent: Bool) {
        switch fact {
        case .principal: self = isAbsent ? .noPrincipal : []
        // Only a Unix socket's peer has no address.
        case .address: self = isAbsent ? .unixPeer : []
        case .key where fact.isOfPrincipal: self = isAbsent ? [] : .principal
        case .key:
            switch fact.known {
            // The kernel names both of every peer.
            case .unixUID, .unixGID: self = isAbsent ? .noUnixPeer : .unixPeer
            case .unixUser, .unixGroup, .systemdUnit: self = isAbsent ? [] : .unixPeer
            case .certificateSPIFFEID, .certificateSubject, .certificateIssuer, .certificateSerial,
                .certificateFingerprint, .certificateSANDNS, .certificateSANURI, .certificateNotAfter:
                self = isAbsent ? [] : .certificate
            default: self = []
            }
        default: self = []
        }
    }

    init(rawValue: UInt8) { self.rawValue = rawValue }
}
