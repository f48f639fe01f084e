import NIOCore
import PosternHTTP
import PosternModel
import PosternTLS
import PosternTelemetry

/// A listener as one event loop serves it: what a reload may change while its connections stay, and its count of them.
final class LoopListener: ListenerObserver {
    private let metrics: LoopMetrics
    private let log: LogBuffer?
    let id: String
    private let endpoint: PinnedText
    /// The endpoint's policy; nil where there is none.
    private(set) var policy: PlannedPolicy?
    /// The listener's place among the listeners of the metrics.
    var index: Int
    /// The API of requests that name none; empty where there is none such.
    var defaultAPI: [UInt8]
    private var slot: Int?

    init(_ loop: GatewayLoop, _ opening: ListenerOpening) {
        metrics = loop.metrics
        log = loop.log
        id = opening.endpointID
        endpoint = PinnedText(opening.endpointID)
        index = opening.index
        defaultAPI = Array((opening.defaultAPI ?? "").utf8)
    }

    /// Takes its policy from the plan; one that the plan does not know keeps what it has.
    func adopt(_ plan: Plan) {
        if let endpoint = plan.endpoint(id: id) { policy = endpoint.policy }
    }

    func connectionAccepted() { slot = metrics.beginConnection(listener: index) }

    func connectionClosed() {
        if let slot { metrics.endConnection(slot: slot) }
    }

    func connectionRefused(from peer: SocketAddress?) {
        metrics.countConnectionRefused(listener: index)
        record("CONNECTION_LIMIT", "connection_limit", peer)
    }

    func proxyHeaderRefused(_ refusal: ProxyHeaderRefusal?, from peer: SocketAddress?) {
        let position = refusal.flatMap { ProxyHeaderRefusal.allCases.firstIndex(of: $0) }
        metrics.countProxyHeaderRefusal(position.map { $0 + 1 } ?? 0)
        record("PROXY_HEADER", refusal?.rawValue ?? "untrusted_peer", peer)
    }

    func unixPeerRefused(_ refusal: UnixPeerRefusal, from peer: PeerCredentials?) {
        metrics.countUnixPeerRefusal(UnixPeerRefusal.allCases.firstIndex(of: refusal)!)
        record("UNIX_PEER", refusal.rawValue, nil, peer)
    }

    func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, from peer: SocketAddress?) {
        metrics.countHandshake(HandshakeOutcome(result).index)
        // Health checks open a connection and close it.
        guard case .failure(let failure) = result, failure.kind != .closedInHandshake else { return }
        record("TLS_HANDSHAKE", failure.description, peer)
    }

    func handshakeRefused(from peer: SocketAddress?) {
        metrics.countHandshake(HandshakeOutcome.limited.index)
        record("TLS_HANDSHAKE", "rate_limited: the source has begun too many handshakes", peer)
    }

    func peerExpelled(_ refusal: PeerRefusal, from peer: SocketAddress?) {
        metrics.countExpelled(listener: index)
        record("CERTIFICATE_INVALIDATED", refusal.reason, peer)
    }

    /// A connection that never came to a request has a record all the same, so that a misled balancer can be found.
    private func record(
        _ kind: String, _ reason: String, _ peer: SocketAddress?, _ credentials: PeerCredentials? = nil
    ) {
        guard let log else { return }
        let (kind, reason, address) = (PinnedText(kind), PinnedText(reason), PinnedText(peer?.ipAddress ?? ""))
        var line = AccessRecord()
        line.epochNanoseconds = SystemTime.wallNanoseconds()
        line.endpointID = endpoint.bytes
        line.sourceIP = address.bytes
        line.sourcePort = peer?.port ?? 0
        line.unixPeer = credentials.map(AccessRecord.UnixPeer.init)
        line.refusal = kind.bytes
        line.refusalReason = reason.bytes
        withExtendedLifetime((kind, reason, address)) { line.write(into: log) }
    }
}

extension AccessRecord.UnixPeer {
    init(_ credentials: PeerCredentials) {
        self.init(
            uid: Int(credentials.userID), gid: Int(credentials.groupID), pid: Int(credentials.processID))
    }
}
