/// Values of one fact that the policies do not tell apart, with one of them to stand for all.
struct Atom {
    enum Value {
        case absent
        case text(String)
        case texts([String])
        case flag(Bool)
        case addresses(ClosedRange<UInt128>)
        /// From the first, to before the second; nil without a bound.
        case time(PolicyTime?, PolicyTime?)
        case number(ClosedRange<UInt32>)
        /// Minutes of the day.
        case minutes(ClosedRange<Int64>)
        case principal(CallerIdentity)
        case resource(String)
        case given(Bool)
    }

    var value: Value
    /// For people; what is shown of addresses and times is made of the values.
    var label = ""
    /// Whether it stands for all that the policies do not name.
    var isRest = false
    /// Which of ``AccessRoutes/served`` the resource belongs to.
    var route: Int?
    /// Of a resource, the patterns that match it: indices into ``AccessRoutes/patterns``.
    var patterns: [Int] = []

    var isAbsent: Bool { if case .absent = value { true } else { false } }
}

/// The facts of one combination of values: what the engine is asked with.
struct Representative {
    var connection = ConnectionFacts(sourceVpce: "")
    var resource = ""
    var userAgent: String?
    var referer: String?
    /// Wins over day and minute.
    var moment: PolicyTime?
    /// From Monday.
    var day: Int64 = 0
    var minute: Int64 = 0

    /// In the week that begins on 1970-01-05 if only the day is known.
    var time: PolicyTime { moment ?? PolicyTime(seconds: (4 + day) * 86400 + minute * 60) }

    mutating func set(_ fact: Fact, _ atom: Atom) {
        switch (fact, atom.value) {
        case (.secureTransport, .flag(let flag)): connection.secureTransport = flag
        case (.principal, .principal(let caller)): connection.principal = caller
        case (.address, .addresses(let range)): connection.sourceIP = IPAddress(bits: range.lowerBound)
        case (.time, .time(let start, let end)):
            moment = start ?? end.map { PolicyTime(seconds: $0.seconds - 1) } ?? PolicyTime(seconds: 0)
        case (.resource, .resource(let text)): resource = text
        case (.key, .minutes(let range)): minute = range.lowerBound
        case (.key(let name), let value): set(key: name, fact.known ?? .named, value)
        default: break
        }
    }

    private mutating func set(key name: String, _ known: KnownKey, _ value: Atom.Value) {
        var text: String?
        var texts: [String] = []
        switch value {
        case .text(let value): (text, texts) = (value, [value])
        case .texts(let values): texts = values
        case .number(let range): text = "\(range.lowerBound)"
        default: break
        }
        switch known {
        case .sourceVPC: connection.sourceVpc = text
        case .sourceVPCE: connection.sourceVpce = text
        case .userAgent: userAgent = text
        case .dayOfWeek: day = Int64(PolicyTime.daysOfWeek.firstIndex { $0 == text } ?? 0)
        case .referer: referer = text
        case .viaDomainArn: connection.viaDomainArn = text
        case .localInterface: connection.localInterface = text
        case .unixUID, .unixGID, .unixUser, .unixGroup, .systemdUnit: set(unix: known, text)
        case .certificateSPIFFEID, .certificateSubject, .certificateIssuer, .certificateSerial,
            .certificateFingerprint, .certificateSANDNS, .certificateSANURI, .certificateNotAfter:
            set(certificate: known, text, texts, value)
        default: if !texts.isEmpty { connection.principalKeys[name] = texts }
        }
    }

    private mutating func set(unix known: KnownKey, _ text: String?) {
        guard let text else { return }
        var peer = connection.unix ?? UnixPeerFacts()
        switch known {
        case .unixUID: peer.uid = UInt32(text)
        case .unixGID: peer.gid = UInt32(text)
        case .unixUser: peer.user = text
        case .unixGroup: peer.group = text
        default: peer.unit = text
        }
        connection.unix = peer
    }

    private mutating func set(certificate known: KnownKey, _ text: String?, _ texts: [String], _ value: Atom.Value) {
        var certificate = connection.certificate ?? CertificateFacts()
        switch known {
        case .certificateSPIFFEID: certificate.spiffeID = text
        case .certificateSubject: certificate.subject = text
        case .certificateIssuer: certificate.issuer = text
        case .certificateSerial: certificate.serial = text
        case .certificateFingerprint: certificate.fingerprint = text
        case .certificateSANDNS: certificate.sanDNS = texts
        case .certificateSANURI: certificate.sanURI = texts
        default:
            guard case .time(let start, let end) = value else { return }
            certificate.notAfter = start ?? end.map { PolicyTime(seconds: $0.seconds - 1) } ?? PolicyTime(seconds: 0)
        }
        connection.certificate = certificate
    }

    func withFacts<Result>(_ body: (RequestFacts) -> Result) -> Result {
        var (resource, agent, origin) = (resource, userAgent ?? "", referer ?? "")
        return resource.withUTF8 { resource in
            agent.withUTF8 { agent in
                origin.withUTF8 { origin in
                    body(
                        RequestFacts(
                            resource: UnsafeRawBufferPointer(resource),
                            userAgent: userAgent == nil ? nil : UnsafeRawBufferPointer(agent),
                            referer: referer == nil ? nil : UnsafeRawBufferPointer(origin), time: time))
                }
            }
        }
    }

    func decision(of policy: Policy) -> Decision {
        let bound = policy.bind(connection)
        return withFacts { bound.decide($0) }
    }

    /// Whether a condition holds, by the engine.
    func holds(_ policy: CompiledPolicy, condition index: Int) -> Bool {
        withFacts { request in
            connection.withView { view in
                policy.withView {
                    $0.holds($0.conditions[index], RequestSource(connection: view, request: request))
                }
            }
        }
    }
}
