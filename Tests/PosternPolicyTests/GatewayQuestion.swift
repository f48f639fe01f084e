import PosternPolicy

/// A question as facts of a connection and a request of this gateway.
struct GatewayQuestion {
    var facts = ConnectionFacts()
    var request: Request

    /// nil if this gateway cannot be asked it.
    init?(_ asked: PolicyRequest) {
        let prefix = testScope.arnPrefix
        guard asked.action.lowercased() == "execute-api:invoke", asked.resource.utf8.starts(with: prefix.utf8) else {
            return nil
        }
        request = Request(String(decoding: asked.resource.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
        facts.principal = asked.principal
        switch asked.principal {
        case .spiffe(let id): facts.certificate = CertificateFacts(spiffeID: id)
        case .unixUser(let name): facts.unix = UnixPeerFacts(uid: 1, gid: 1, user: name)
        default: break
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
        case "postern:unixuser": facts.unix = UnixPeerFacts(uid: 1, gid: 1, user: value)
        case "postern:unixuid":
            guard let uid = UInt32(value) else { return false }
            facts.unix = UnixPeerFacts(uid: uid, gid: 1)
        case "postern:systemdunit": facts.unix = UnixPeerFacts(uid: 1, gid: 1, unit: value)
        case "postern:certificatesandns": facts.certificate = CertificateFacts(sanDNS: values)
        default: return false
        }
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
            "execute-api:viadomainarn": facts.viaDomainArn, "postern:unixuid": facts.unix.map { "\($0.uid)" },
            "postern:unixgid": facts.unix.map { "\($0.gid)" }, "postern:unixuser": facts.unix?.user,
            "postern:systemdunit": facts.unix?.unit, "postern:certificatespiffeid": facts.certificate?.spiffeID,
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
