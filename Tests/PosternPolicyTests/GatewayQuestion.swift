import PosternPolicy

/// A question as facts of a connection and a request of this gateway.
struct GatewayQuestion {
    var facts = ConnectionFacts()
    var request: Request

    /// nil if this gateway cannot be asked it.
    init?(_ asked: PolicyRequest) {
        let prefix = testScope.arnPrefix
        // An API's policy is asked about that API alone.
        guard asked.action.lowercased() == "execute-api:invoke",
            asked.resource.utf8.starts(with: (prefix + testScope.apiID + "/").utf8)
        else { return nil }
        request = Request(String(decoding: asked.resource.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
        switch asked.principal {
        case .spiffe(let id): facts.certificate = CertificateFacts(spiffeID: id)
        case .unixUser(let name): facts.unix = UnixPeerFacts(user: name)
        default: facts.principal = asked.principal
        }
        for (key, values) in asked.context {
            guard add(key.lowercased(), values) else { return nil }
        }
    }

    private mutating func add(_ key: String, _ values: [String]) -> Bool {
        let ofPrincipal =
            key.hasPrefix("aws:principal") || key.hasPrefix("aws:multi")
            || ["aws:userid", "aws:username", "aws:tokenissuetime", "aws:sourcearn"].contains(key)
        if ofPrincipal {
            facts.principalKeys[key] = values
            return true
        }
        guard values.count == 1 else { return false }
        let value = values[0]
        switch key {
        case "aws:sourcevpce": facts.sourceVpce = value
        case "aws:sourcevpc": facts.sourceVpc = value
        case "aws:vpcsourceip", "aws:sourceip":
            guard let address = IPAddress(value) else { return false }
            facts.sourceIP = address
        case "aws:useragent": request.userAgent = Array(value.utf8)
        case "aws:referer": request.referer = Array(value.utf8)
        case "aws:securetransport": facts.secureTransport = value == "true"
        case "aws:currenttime", "aws:epochtime":
            guard let time = PolicyTime(value) else { return false }
            request.time = time
        case "execute-api:viadomainarn": facts.viaDomainArn = value
        case "postern:unixuid", "postern:unixgid", "postern:unixuser", "postern:unixgroup", "postern:systemdunit":
            return addPeer(key, value)
        case "postern:localinterface": facts.localInterface = value
        case "postern:certificatespiffeid":
            facts.certificate = facts.certificate ?? CertificateFacts()
            facts.certificate?.spiffeID = value
        case "postern:certificatesandns":
            facts.certificate = facts.certificate ?? CertificateFacts()
            facts.certificate?.sanDNS = values
        default: return false
        }
        return true
    }

    private mutating func addPeer(_ key: String, _ value: String) -> Bool {
        var peer = facts.unix ?? UnixPeerFacts()
        switch key {
        case "postern:unixuid", "postern:unixgid":
            // Written otherwise, `+1`, it is not what the kernel's number is written as.
            guard let id = UInt32(value), "\(id)" == value else { return false }
            if key == "postern:unixuid" { peer.uid = id } else { peer.gid = id }
        case "postern:unixuser": peer.user = value
        case "postern:unixgroup": peer.group = value
        default: peer.unit = value
        }
        facts.unix = peer
        return true
    }

    /// The same question with all that the gateway adds: keys that are always there, keys that say the same.
    func completed(_ asked: PolicyRequest) -> PolicyRequest {
        var context = facts.principalKeys
        let address = facts.sourceIP.map(\.description)
        let one: [String: String?] = [
            "aws:sourceip": address, "aws:vpcsourceip": address, "aws:sourcevpce": facts.sourceVpce,
            "aws:sourcevpc": facts.sourceVpc, "aws:securetransport": facts.secureTransport ? "true" : "false",
            "aws:useragent": request.userAgent.map { String(decoding: $0, as: UTF8.self) },
            "aws:referer": request.referer.map { String(decoding: $0, as: UTF8.self) },
            "aws:currenttime": request.time?.description, "aws:epochtime": request.time.map { "\($0.seconds)" },
            "execute-api:viadomainarn": facts.viaDomainArn, "postern:unixuid": facts.unix?.uid?.description,
            "postern:unixgid": facts.unix?.gid?.description, "postern:unixuser": facts.unix?.user,
            "postern:unixgroup": facts.unix?.group, "postern:systemdunit": facts.unix?.unit,
            "postern:localinterface": facts.localInterface,
            "postern:certificatespiffeid": facts.certificate?.spiffeID,
            "postern:timeofday": request.time.map { NaiveValues.timeOfDay($0.seconds) },
            "postern:dayofweek": request.time.map { NaiveValues.dayOfWeek($0.seconds) },
        ]
        for (key, value) in one { if let value { context[key] = [value] } }
        context["postern:certificatesandns"] = facts.certificate?.sanDNS
        var asked = asked
        asked.context = context
        return asked
    }

    /// All that the caller is known as.
    var callers: [CallerIdentity] {
        [
            facts.principal, facts.certificate?.spiffeID.map { .spiffe($0) }, facts.unix?.user.map { .unixUser($0) },
        ].compactMap { $0 }
    }
}
