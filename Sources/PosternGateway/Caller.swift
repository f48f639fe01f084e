import NIOCore
import PosternHTTP
import PosternModel
import PosternPolicy
import PosternTelemetry

/// What the gateway knows of one connection: its facts as policy wants them, as the log wants them, as upstreams want them.
///
/// Made once, on the connection's first request; the policies bound to it are made once per plan.
final class Caller {
    let info: ConnectionInfo
    let facts: ConnectionFacts
    let endpoint: PinnedText
    let vpc: PinnedText
    let sourceIP: PinnedText
    let sourcePort: Int
    let unixPeer: UnixCaller?
    /// nil without TLS.
    let secured: SecuredCaller?
    /// The fields that tell an upstream who asked, as they go on the wire.
    let forwardedFields: [UInt8]
    private var generation = 0
    /// The policies bound so far: those of requests that came by no domain, then by each of the plan's domains; each list
    /// begins with the endpoint's and the domain's and goes on with the APIs'. Lists are made when they are needed.
    private var bound: [[BoundPolicy?]] = []

    init(_ info: ConnectionInfo) {
        self.info = info
        secured = info.tls.map(SecuredCaller.init)
        // Absent on a Unix socket.
        let address = info.remote?.ipAddress.flatMap(IPAddress.init)
        facts = ConnectionFacts(
            sourceIP: address, sourceVpce: info.endpointID, sourceVpc: info.vpcID, secureTransport: info.isTLS,
            localInterface: info.localInterface, unix: info.unix.map(UnixPeerFacts.init),
            certificate: secured?.facts)
        unixPeer = info.unix.map(UnixCaller.init)
        endpoint = PinnedText(info.endpointID)
        vpc = PinnedText(info.vpcID ?? "")
        let text = address.map(\.description) ?? ""
        sourceIP = PinnedText(text)
        sourcePort = info.remote?.port ?? 0
        var fields = ""
        if !text.isEmpty { fields += "X-Forwarded-For: \(text)\r\n" }
        fields += "X-Forwarded-Proto: \(info.isTLS ? "https" : "http")\r\n"
        if let port = info.local?.port { fields += "X-Forwarded-Port: \(port)\r\n" }
        forwardedFields = Array(fields.utf8)
    }

    /// Where a policy stands among those of its kind that a request can meet.
    enum PolicyPlace {
        case endpoint, domain
        case api(Int)

        fileprivate var index: Int {
            switch self {
            case .endpoint: 0
            case .domain: 1
            case .api(let index): index + 2
            }
        }
    }

    /// The policy with this connection's facts filled in; by way of a domain, `execute-api:viaDomainArn` is among them.
    func bind(
        _ policy: Policy, at place: PolicyPlace, via domain: ServedDomain?, in served: ServedPlan
    ) -> BoundPolicy {
        if generation != served.generation {
            generation = served.generation
            bound = Array(repeating: [], count: served.domains.count + 1)
        }
        let way = domain.map { $0.planned.index + 1 } ?? 0
        if bound[way].isEmpty { bound[way] = Array(repeating: nil, count: served.apis.count + 2) }
        if let known = bound[way][place.index] { return known }
        let made = policy.bind(facts(via: domain?.planned.arn))
        bound[way][place.index] = made
        return made
    }

    func facts(via domainARN: String?) -> ConnectionFacts {
        var facts = facts
        facts.viaDomainArn = domainARN
        return facts
    }
}

/// The peer of a Unix socket as the log wants it.
final class UnixCaller {
    let record: AccessRecord.UnixPeer
    /// What the record borrows.
    private let texts: [PinnedText]

    init(_ peer: UnixPeer) {
        texts = [peer.user, peer.group, peer.unit].map { PinnedText($0 ?? "") }
        var record = AccessRecord.UnixPeer(peer.credentials)
        record.user = texts[0].bytes
        record.group = texts[1].bytes
        record.unit = texts[2].bytes
        self.record = record
    }
}

extension UnixPeerFacts {
    init(_ peer: UnixPeer) {
        self.init(
            uid: peer.credentials.userID, gid: peer.credentials.groupID, user: peer.user, group: peer.group,
            unit: peer.unit)
    }
}

/// Text at a fixed address, for records that borrow bytes without a closure around each.
final class PinnedText {
    /// Valid as long as this object lives.
    let bytes: UnsafeRawBufferPointer

    init(_ text: String) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
        memory.copyBytes(from: text.utf8)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }
}
