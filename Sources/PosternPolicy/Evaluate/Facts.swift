/// What a policy can know of a connection; settled once it is accepted.
package struct ConnectionFacts: Sendable, Hashable {
    /// The peer's address (from the PROXY header where the listener requires one); nil on a Unix socket.
    package var sourceIP: IPAddress?
    /// The id of the listener, or the endpoint id that a PROXY header carried.
    package var sourceVpce: String?
    package var sourceVpc: String?
    package var secureTransport: Bool
    /// The ARN of the private custom domain that was used, `execute-api:viaDomainArn`.
    package var viaDomainArn: String?
    /// The network interface of the listening socket.
    package var localInterface: String?
    /// nil but on a Unix socket.
    package var unix: UnixPeerFacts?
    /// nil but with a client certificate that was verified.
    package var certificate: CertificateFacts?
    /// nil for an anonymous caller.
    package var principal: CallerIdentity?
    /// What is known of the principal, by lower-case key: `aws:principalarn`, `aws:principaltag/team`.
    package var principalKeys: [String: [String]]

    package init(
        sourceIP: IPAddress? = nil, sourceVpce: String? = nil, sourceVpc: String? = nil, secureTransport: Bool = false,
        viaDomainArn: String? = nil, localInterface: String? = nil, unix: UnixPeerFacts? = nil,
        certificate: CertificateFacts? = nil, principal: CallerIdentity? = nil,
        principalKeys: [String: [String]] = [:]
    ) {
        self.sourceIP = sourceIP
        self.sourceVpce = sourceVpce
        self.sourceVpc = sourceVpc
        self.secureTransport = secureTransport
        self.viaDomainArn = viaDomainArn
        self.localInterface = localInterface
        self.unix = unix
        self.certificate = certificate
        self.principal = principal
        self.principalKeys = principalKeys
    }

    /// All that the caller is known as: nothing for an anonymous one.
    var identities: [CallerIdentity] {
        [principal, certificate?.spiffeID.map { .spiffe($0) }, unix?.user.map { .unixUser($0) }].compactMap { $0 }
    }
}

/// The peer of a Unix socket as the kernel names it (`SO_PEERCRED`), read once when it is accepted.
package struct UnixPeerFacts: Sendable, Hashable {
    /// The numbers are nil only where people describe a peer by other facts.
    package var uid: UInt32?
    package var gid: UInt32?
    /// The user's name; nil if the system knows none.
    package var user: String?
    package var group: String?
    /// The systemd unit that the peer runs in, such as `orders.service`.
    package var unit: String?

    package init(
        uid: UInt32? = nil, gid: UInt32? = nil, user: String? = nil, group: String? = nil, unit: String? = nil
    ) {
        self.uid = uid
        self.gid = gid
        self.user = user
        self.group = group
        self.unit = unit
    }
}

/// A client certificate that was verified.
package struct CertificateFacts: Sendable, Hashable {
    package var spiffeID: String?
    /// RFC 4514.
    package var subject: String?
    package var issuer: String?
    package var serial: String?
    /// SHA-256 of the DER form, lower-case hexadecimal.
    package var fingerprint: String?
    package var sanDNS: [String]
    package var sanURI: [String]
    package var notAfter: PolicyTime?

    package init(
        spiffeID: String? = nil, subject: String? = nil, issuer: String? = nil, serial: String? = nil,
        fingerprint: String? = nil, sanDNS: [String] = [], sanURI: [String] = [], notAfter: PolicyTime? = nil
    ) {
        self.spiffeID = spiffeID
        self.subject = subject
        self.issuer = issuer
        self.serial = serial
        self.fingerprint = fingerprint
        self.sanDNS = sanDNS
        self.sanURI = sanURI
        self.notAfter = notAfter
    }
}

/// What a policy can know of one request. The buffers are the request's own: valid for the duration of the call only.
package struct RequestFacts {
    /// The sixth segment of the method's ARN: `{api-id}/{stage}/{METHOD}/{path}`, the path without its leading slash.
    package var resource: UnsafeRawBufferPointer
    /// nil if the field was not sent.
    package var userAgent: UnsafeRawBufferPointer?
    /// nil if the field was not sent.
    package var referer: UnsafeRawBufferPointer?
    /// When the request was received. nil: the machine's clock is read, once, and only if a condition asks for the time.
    package var time: PolicyTime?

    package init(
        resource: UnsafeRawBufferPointer, userAgent: UnsafeRawBufferPointer? = nil,
        referer: UnsafeRawBufferPointer? = nil, time: PolicyTime? = nil
    ) {
        self.resource = resource
        self.userAgent = userAgent
        self.referer = referer
        self.time = time
    }
}

/// Connection facts with their texts as bytes, for the duration of a call.
struct ConnectionView {
    var sourceIP: IPAddress?
    var sourceVpce: UnsafeRawBufferPointer?
    var sourceVpc: UnsafeRawBufferPointer?
    var secureTransport: Bool
    /// What only some connections have.
    var rarer: ConnectionFacts
}

extension ConnectionFacts {
    func withView<Result>(_ body: (ConnectionView) -> Result) -> Result {
        var vpce = sourceVpce ?? ""
        var vpc = sourceVpc ?? ""
        return vpce.withUTF8 { vpceBytes in
            vpc.withUTF8 { vpcBytes in
                body(
                    ConnectionView(
                        sourceIP: sourceIP,
                        sourceVpce: sourceVpce == nil ? nil : UnsafeRawBufferPointer(vpceBytes),
                        sourceVpc: sourceVpc == nil ? nil : UnsafeRawBufferPointer(vpcBytes),
                        secureTransport: secureTransport, rarer: self))
            }
        }
    }
}
