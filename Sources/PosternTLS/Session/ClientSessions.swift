import COpenSSL
import Glibc
import Synchronization

/// Sessions of one upstream that may be resumed, newest first. Bounded: a server may give as many as it likes.
package final class ClientSessions: Sendable {
    /// One session and whom it proved.
    ///
    /// Sendable by this invariant: an `SSL_SESSION` that is resumable is only read, and counted atomically.
    final class Stored: @unchecked Sendable {
        let pointer: OpaquePointer
        let peer: VerifiedPeer?

        /// Takes over the reference.
        init(taking pointer: OpaquePointer, peer: VerifiedPeer?) {
            self.pointer = pointer
            self.peer = peer
        }

        deinit { SSL_SESSION_free(pointer) }

        var isFresh: Bool {
            let age = Glibc.time(nil) - SSL_SESSION_get_time(pointer)
            return age >= 0 && age < SSL_SESSION_get_timeout(pointer) && SSL_SESSION_is_resumable(pointer) == 1
        }

        /// A TLS 1.3 ticket shows an observer that two connections belong together, so it is used once (RFC 8446,
        /// appendix C.4).
        var isUsedOnce: Bool { SSL_SESSION_get_protocol_version(pointer) >= TLSVersion.tls13.rawValue }
    }

    private let stored = Mutex<[Stored]>([])
    private let most: Int

    /// - Parameter most: sessions at most; connections opened together each need their own.
    package init(most: Int = 8) { self.most = most }

    package var count: Int { stored.withLock { $0.count } }

    package func removeAll() { stored.withLock { $0 = [] } }

    func keep(taking pointer: OpaquePointer, peer: VerifiedPeer?) {
        let session = Stored(taking: pointer, peer: peer)
        stored.withLock { list in
            list.insert(session, at: 0)
            if list.count > most { list.removeLast() }
        }
    }

    func forget(_ session: Stored) { stored.withLock { $0.removeAll { $0 === session } } }

    /// The newest session that is still good.
    func take() -> Stored? {
        stored.withLock { list in
            list.removeAll { !$0.isFresh }
            guard let newest = list.first else { return nil }
            if newest.isUsedOnce { list.removeFirst() }
            return newest
        }
    }
}
