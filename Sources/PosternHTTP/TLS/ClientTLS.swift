import NIOCore
package import PosternTLS

/// How the connections of one pool are secured, and the sessions that they may resume.
package struct ClientTLS: Sendable {
    package let context: TLSContext
    /// Sent in the handshake; nil: none is.
    package let serverName: String?
    let sessions = ClientSessions()

    package init(_ context: TLSContext, serverName: String?) {
        self.context = context
        self.serverName = serverName
    }
}

/// Takes a new upstream connection's handshake to its pool.
final class UpstreamHandshake: TLSObserver {
    private let pool: UpstreamPool
    private let waiter: LeaseWaiter

    init(pool: UpstreamPool, waiter: LeaseWaiter) {
        self.pool = pool
        self.waiter = waiter
    }

    func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, on channel: any Channel) {
        pool.handshakeEnded?(result)
        switch result {
        case .success: pool.opened(channel, waiter)
        case .failure(let failure) where failure.kind == .handshakeTimeout: pool.failed(.connectTimeout, waiter)
        case .failure(let failure): pool.failed(.tls(failure), waiter)
        }
    }
}
