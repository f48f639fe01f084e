import COpenSSL
import Synchronization

/// Sessions of one upstream that may be resumed, newest first. Bounded: a server may give as many as it likes.
package final class ClientSessions: Sendable {
    private let stored = Mutex<[StoredSession]>([])
    private let most: Int

    /// - Parameter most: sessions at most; connections opened together each need their own.
    package init(most: Int = 8) { self.most = most }

    package var count: Int { stored.withLock { $0.count } }

    package func removeAll() { stored.withLock { $0 = [] } }

    func keep(taking pointer: OpaquePointer, peer: VerifiedPeer?) {
        let session = StoredSession(taking: pointer, peer: peer)
        stored.withLock { list in
            list.insert(session, at: 0)
            if list.count > most { list.removeLast() }
        }
    }

    func forget(_ session: StoredSession) { stored.withLock { $0.removeAll { $0 === session } } }

    /// The newest session that is still good.
    func take() -> StoredSession? {
        stored.withLock { list in
            list.removeAll { !$0.isFresh }
            guard let newest = list.first else { return nil }
            if newest.isUsedOnce { list.removeFirst() }
            return newest
        }
    }
}
