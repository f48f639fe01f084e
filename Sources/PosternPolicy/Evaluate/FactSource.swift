/// Where conditions and variables look up what a request holds.
protocol FactSource {
    func values(of key: ConditionKey) -> FactValues
}

/// What a request holds under one key.
enum FactValues {
    case absent
    case one(FactValue)
    /// Any number of them, also one or none; none is as good as absent.
    case texts([String])
}

enum FactValue {
    case text(UnsafeRawBufferPointer)
    case address(IPAddress)
    case flag(Bool)
    case time(PolicyTime)
    /// Whole seconds since 1970.
    case epoch(Int64)
    case timeOfDay(TimeOfDay)

    /// As variables and explanations write it.
    var text: [UInt8] {
        switch self {
        case .text(let bytes): Array(bytes)
        case .address(let address): Array(address.description.utf8)
        case .flag(let flag): Array((flag ? "true" : "false").utf8)
        case .time(let time): Array(time.description.utf8)
        case .epoch(let seconds): Array(String(seconds).utf8)
        case .timeOfDay(let time): Array(time.description.utf8)
        }
    }
}

/// A connection's facts, without those of a request.
struct ConnectionSource: FactSource {
    var connection: ConnectionView

    func values(of key: ConditionKey) -> FactValues {
        switch key.known {
        case .sourceIP, .vpcSourceIP: connection.sourceIP.map { .one(.address($0)) } ?? .absent
        case .sourceVPC: connection.sourceVpc.map { .one(.text($0)) } ?? .absent
        case .sourceVPCE: connection.sourceVpce.map { .one(.text($0)) } ?? .absent
        case .secureTransport: .one(.flag(connection.secureTransport))
        case .userAgent, .referer, .currentTime, .epochTime, .timeOfDay, .dayOfWeek: .absent
        default: connection.rarer.values(of: key)
        }
    }
}

/// A connection's facts and those of one of its requests.
struct RequestSource: FactSource {
    var connection: ConnectionView
    var request: RequestFacts

    func values(of key: ConditionKey) -> FactValues {
        switch key.known {
        case .userAgent: request.userAgent.map { .one(.text($0)) } ?? .absent
        case .referer: request.referer.map { .one(.text($0)) } ?? .absent
        case .currentTime: .one(.time(request.time ?? .now))
        case .epochTime: .one(.epoch((request.time ?? .now).seconds))
        case .timeOfDay: .one(.timeOfDay(TimeOfDay(request.time ?? .now)))
        case .dayOfWeek: .one(.text((request.time ?? .now).dayOfWeek.bytes))
        default: ConnectionSource(connection: connection).values(of: key)
        }
    }
}

/// A context written out, as tools have it.
struct ContextSource: FactSource {
    /// By lower-case name.
    var context: [String: [String]]

    func values(of key: ConditionKey) -> FactValues { context[key.lowercased].map { .texts($0) } ?? .absent }
}

extension ConnectionFacts {
    /// The keys that only some connections have.
    func values(of key: ConditionKey) -> FactValues {
        func texts(_ text: String?) -> FactValues { text.map { .texts([$0]) } ?? .absent }
        return switch key.known {
        case .viaDomainArn: texts(viaDomainArn)
        case .unixUID: texts(unix?.uid.map { "\($0)" })
        case .unixGID: texts(unix?.gid.map { "\($0)" })
        case .unixUser: texts(unix?.user)
        case .unixGroup: texts(unix?.group)
        case .systemdUnit: texts(unix?.unit)
        case .localInterface: texts(localInterface)
        case .certificateSPIFFEID: texts(certificate?.spiffeID)
        case .certificateSubject: texts(certificate?.subject)
        case .certificateIssuer: texts(certificate?.issuer)
        case .certificateSerial: texts(certificate?.serial)
        case .certificateFingerprint: texts(certificate?.fingerprint)
        case .certificateSANDNS: certificate.map { .texts($0.sanDNS) } ?? .absent
        case .certificateSANURI: certificate.map { .texts($0.sanURI) } ?? .absent
        case .certificateNotAfter: certificate?.notAfter.map { .one(.time($0)) } ?? .absent
        default: principalKeys[key.lowercased].map { .texts($0) } ?? .absent
        }
    }
}

extension StaticString {
    /// Its bytes, which stand in the program for ever.
    fileprivate var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
