package import NIOCore
package import PosternTLS

/// Counts what happens to a listener's connections, on its event loop.
package protocol ListenerObserver: AnyObject {
    func connectionAccepted()
    func connectionClosed()
    /// A bound on connections was reached.
    func connectionRefused(from peer: SocketAddress?)
    /// nil: the peer is not among those whose PROXY header is believed.
    func proxyHeaderRefused(_ refusal: ProxyHeaderRefusal?, from peer: SocketAddress?)
    /// Who is at the other end of a Unix socket could not be told.
    func unixPeerRefused(_ refusal: UnixPeerRefusal, from peer: PeerCredentials?)
    func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, from peer: SocketAddress?)
    /// The source has begun more handshakes than it may.
    func handshakeRefused(from peer: SocketAddress?)
    /// The caller of an open connection is no longer admitted.
    func peerExpelled(_ refusal: PeerRefusal, from peer: SocketAddress?)
}

/// One listener as one event loop sees it: what its connections obey, and who receives their requests.
package final class ServerListener {
    /// What came of the bytes in front of a connection's first request.
    enum ProxyOutcome { case needMore, accepted, refused }

    package let endpointID: String
    package let vpcID: String?
    /// The network interface of the listening socket.
    package let localInterface: String?
    package private(set) var settings: ServerSettings
    /// nil: connections are not secured.
    package private(set) var tls: ServerTLS?
    /// Whether a PROXY header from this peer is believed; asked only where one is required.
    private var trusts: @Sendable (SocketAddress?) -> Bool
    private let budgets: [ConnectionBudget]
    private let makeRequestReceiver: (any ServerStream) -> any RequestReceiver
    private let nextConnectionID: () -> UInt64
    /// nil where connections are no traffic, as on the admin socket.
    private let observer: (any ListenerObserver)?

    package init(
        endpointID: String, vpcID: String?, localInterface: String? = nil, settings: ServerSettings,
        tls: ServerTLS? = nil, budgets: [ConnectionBudget],
        observer: (any ListenerObserver)?, trusts: @escaping @Sendable (SocketAddress?) -> Bool,
        nextConnectionID: @escaping () -> UInt64,
        makeReceiver: @escaping (any ServerStream) -> any RequestReceiver
    ) {
        self.endpointID = endpointID
        self.vpcID = vpcID
        self.localInterface = localInterface
        self.settings = settings
        self.tls = tls
        self.budgets = budgets
        self.observer = observer
        self.trusts = trusts
        self.nextConnectionID = nextConnectionID
        self.makeRequestReceiver = makeReceiver
    }

    /// New settings for connections accepted from now on; those that are open keep the limits of their heads.
    package func update(settings: ServerSettings, trusts: @escaping @Sendable (SocketAddress?) -> Bool) {
        self.settings = settings
        self.trusts = trusts
    }

    /// Certificates and trust for connections accepted from now on.
    package func secure(with tls: ServerTLS?) { self.tls = tls }

    func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, _ peer: SocketAddress?) {
        observer?.handshakeEnded(result, from: peer)
    }

    func handshakeRefused(_ peer: SocketAddress?) { observer?.handshakeRefused(from: peer) }

    func peerExpelled(_ refusal: PeerRefusal, _ peer: SocketAddress?) {
        observer?.peerExpelled(refusal, from: peer)
    }

    func admitConnection(from peer: SocketAddress?) -> Bool {
        for (index, budget) in budgets.enumerated() where !budget.take() {
            for taken in budgets[..<index] { taken.give() }
            observer?.connectionRefused(from: peer)
            return false
        }
        observer?.connectionAccepted()
        return true
    }

    func releaseConnection() {
        observer?.connectionClosed()
        for budget in budgets { budget.give() }
    }

    func info(of channel: any Channel) -> ConnectionInfo {
        ConnectionInfo(
            id: nextConnectionID(), endpointID: endpointID, vpcID: vpcID, local: channel.localAddress,
            remote: channel.remoteAddress, localInterface: localInterface)
    }

    func unixPeerRefused(_ refusal: UnixPeerRefusal, _ peer: PeerCredentials?) {
        observer?.unixPeerRefused(refusal, from: peer)
    }

    func makeReceiver(_ stream: any ServerStream) -> any RequestReceiver { makeRequestReceiver(stream) }

    /// Takes the PROXY header off the front of `bytes` and writes what it says into the connection's facts.
    ///
    /// A peer that is not listed could claim any address and endpoint, so it is refused before a byte is believed.
    func readProxyHeader(_ bytes: inout ByteBuffer, _ connection: inout ConnectionInfo) -> ProxyOutcome {
        guard trusts(connection.remote) else {
            observer?.proxyHeaderRefused(nil, from: connection.remote)
            return .refused
        }
        switch ProxyHeaderParser.parse(bytes.readableBytesUInt8Span) {
        case .needMore:
            return .needMore
        case .refused(let refusal):
            observer?.proxyHeaderRefused(refusal, from: connection.remote)
            return .refused
        case .header(let header, let consumed):
            bytes.moveReaderIndex(forwardBy: consumed)
            if header.isLocal { return .accepted }
            // The connected process is the balancer, which speaks for somebody else, named or not.
            connection.unix = nil
            if let source = header.source?.socketAddress { connection.remote = source }
            if let endpoint = header.endpointID {
                connection.endpointID = endpoint
                // Whose network that endpoint belongs to is not said, so nothing may be allowed for being in ours.
                connection.vpcID = nil
            }
            return .accepted
        }
    }
}
