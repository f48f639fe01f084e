extension RequestDescription {
    /// What people say of a request, by the names that simulations and tests have for it.
    package enum Field: String, Sendable, CaseIterable {
        case sourceIp, endpoint, vpc, interface
        case method, path, stage
        case uid, gid, user, group, unit
        case spiffe, subject, issuer, serial, fingerprint, sanDns, sanUri, notAfter
        case tls, at
    }

    /// What is wrong with a field, and what would be right.
    package struct Problem: Error, Sendable, Hashable {
        package var message: String
        package var hint: String?

        package init(message: String, hint: String? = nil) {
            self.message = message
            self.hint = hint
        }
    }

    /// Sets a field from its text. `sanDns` and `sanUri` take one more value each time.
    package mutating func set(_ field: Field, _ text: String) throws(Problem) {
        switch field {
        case .sourceIp: connection.sourceIP = try read(text, "an address", "`10.0.0.9` or `fd00::1`") { IPAddress($0) }
        case .endpoint: connection.sourceVpce = text
        case .vpc: connection.sourceVpc = text
        case .interface: connection.localInterface = text
        case .method: method = try read(text, "a method", "`GET` or the like") { Self.isMethod($0) ? $0 : nil }
        case .path: path = try read(text, "a path", "`/orders/7` or the like") { $0.hasPrefix("/") ? $0 : nil }
        case .stage: stage = try read(text, "a stage", "a name without slashes") { Self.isStage($0) ? $0 : nil }
        case .tls: connection.secureTransport = try read(text, "a truth value", "`true` or `false`") { Bool($0) }
        case .at: time = try date(text)
        case .uid, .gid, .user, .group, .unit: try setPeer(field, text)
        default: try setCertificate(field, text)
        }
    }

    /// Of a request's fields policies see two.
    package mutating func setHeader(_ name: String, _ value: String) throws(Problem) {
        switch asciiLowercased(name) {
        case "user-agent": userAgent = value
        case "referer": referer = value
        default:
            throw Problem(
                message: "no condition key reads the header \(quoted(name))",
                hint: "policies see `User-Agent` and `Referer`")
        }
    }

    /// What contradicts itself, or is missing.
    package var problem: Problem? {
        if stage.isEmpty {
            return Problem(
                message: "the request has no stage", hint: "name it, or begin the path with it: `/prod/orders/7`")
        }
        if connection.unix != nil, connection.sourceIP != nil {
            return Problem(message: "a caller on a Unix socket has no address", hint: "give one of them")
        }
        if connection.certificate != nil, !connection.secureTransport {
            return Problem(message: "a client certificate comes with TLS only", hint: "say so")
        }
        return nil
    }

    private mutating func setPeer(_ field: Field, _ text: String) throws(Problem) {
        var peer = connection.unix ?? UnixPeerFacts()
        switch field {
        case .uid: peer.uid = try read(text, "a user's number", "0 to 4294967294") { Self.id($0) }
        case .gid: peer.gid = try read(text, "a group's number", "0 to 4294967294") { Self.id($0) }
        case .user: peer.user = text
        case .group: peer.group = text
        default: peer.unit = text
        }
        connection.unix = peer
    }

    private mutating func setCertificate(_ field: Field, _ text: String) throws(Problem) {
        var certificate = connection.certificate ?? CertificateFacts()
        switch field {
        case .spiffe:
            certificate.spiffeID = try read(text, "a SPIFFE ID", "`spiffe://trust-domain/path`") {
                $0.hasPrefix("spiffe://") ? $0 : nil
            }
        case .subject: certificate.subject = text
        case .issuer: certificate.issuer = text
        case .serial: certificate.serial = text
        case .fingerprint: certificate.fingerprint = text
        case .sanDns: certificate.sanDNS.append(text)
        case .sanUri: certificate.sanURI.append(text)
        default: certificate.notAfter = try date(text)
        }
        connection.certificate = certificate
    }

    private func date(_ text: String) throws(Problem) -> PolicyTime {
        try read(text, "a date", "`2026-11-22T10:00:00Z` or seconds since 1970") { PolicyTime($0) }
    }

    private func read<Value>(
        _ text: String, _ kind: String, _ right: String, _ parse: (String) -> Value?
    ) throws(Problem) -> Value {
        if let value = parse(text) { return value }
        throw Problem(message: "\(quoted(text)) is not \(kind)", hint: "expected \(right)")
    }

    /// `(uid_t)-1` is nobody's.
    private static func id(_ text: String) -> UInt32? {
        guard text.utf8.allSatisfy(\.isASCIIDigit), let id = UInt32(text), id < .max else { return nil }
        return id
    }

    private static func isMethod(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isASCIILetter && $0 & 0x20 == 0 }
    }

    private static func isStage(_ text: String) -> Bool { !text.isEmpty && !text.utf8.contains(UInt8(ascii: "/")) }
}
