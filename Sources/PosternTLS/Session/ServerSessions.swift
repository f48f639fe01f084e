import COpenSSL
import Synchronization

/// The sessions that clients of a listener may resume, held in memory, so that clients are given only a random number
/// of 32 bytes for each (a session ID in TLS 1.2, a ticket in TLS 1.3; RFC 8446, section 4.6.1).
///
/// Cheaper than sealed tickets, for which OpenSSL 3.0 encodes the session with the client's certificate and decodes it
/// again, once for each ticket given and once for each taken. Measured with a P-256 chain of two, the server's side of
/// TLS 1.3: a ticket adds 2 % to a full handshake and not a third, and a resumed one costs a third of a full one and
/// not nine tenths. It also leaves nothing with clients that a stolen key could open. Other processes know nothing of it:
/// gateways that share their callers' sessions use `TicketKeys`.
///
/// Shared by all contexts of a listener, whatever their generation: whether a session is resumed is asked each time.
/// Bounded by number, the oldest going first, and by the sessions' time, past which they go as new ones come. An entry
/// takes about 1.3 KiB (10 MiB for 8,192): certificates are not in it, but the verified peer is held, of whom the
/// verifier mostly remembers the same object. Any thread may use it.
package final class ServerSessions: Sendable {
    /// Made by OpenSSL's random generator, so that any bytes of it are as good as all to find a place by.
    struct ID: Hashable {
        static let size = 32
        private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

        /// nil: none that we gave.
        init?(_ bytes: UnsafePointer<UInt8>?, count: Int) {
            guard let bytes, count == Self.size else { return nil }
            withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: .init(start: bytes, count: count)) }
        }

        init?(of session: OpaquePointer?) {
            var count: UInt32 = 0
            let bytes = SSL_SESSION_get_id(session, &count)
            self.init(bytes, count: Int(count))
        }

        static func == (left: ID, right: ID) -> Bool { left.words == right.words }

        func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
    }

    private struct State {
        var sessions: [ID: StoredSession] = [:]
        /// A ring in the order of their coming; some may have been forgotten meanwhile.
        var order: [ID] = []
        var oldest = 0
        /// Where the search for sessions past their time goes on.
        var searched = 0
    }

    private let state = Mutex(State())
    private let most: Int

    /// - Parameter most: sessions at most.
    package init(most: Int = 8_192) {
        precondition(most > 0)
        self.most = most
    }

    package var count: Int { state.withLock { $0.sessions.count } }

    /// Nothing made before can be resumed.
    package func removeAll() {
        // Freed after the lock is given back.
        _ = state.withLock { state in
            defer { state = State() }
            return state.sessions
        }
    }

    func find(_ id: ID) -> StoredSession? { state.withLock { $0.sessions[id] } }

    func keep(_ session: StoredSession) {
        guard let id = ID(of: session.pointer) else { return }
        // Freed after the lock is given back.
        _ = state.withLock { state in
            var gone = takeStale(&state)
            state.sessions[id] = session
            if state.order.count < most {
                state.order.append(id)
            } else {
                if let oldest = state.sessions.removeValue(forKey: state.order[state.oldest]) { gone.append(oldest) }
                state.order[state.oldest] = id
                state.oldest = (state.oldest + 1) % most
            }
            return gone
        }
    }

    /// Looks at two places of the ring, so that the search gets round while the ring grows.
    private func takeStale(_ state: inout State) -> [StoredSession] {
        var gone: [StoredSession] = []
        for _ in 0..<min(2, state.order.count) {
            state.searched = (state.searched + 1) % state.order.count
            let id = state.order[state.searched]
            guard let found = state.sessions[id], !found.isFresh else { continue }
            state.sessions[id] = nil
            gone.append(found)
        }
        return gone
    }

    func forget(_ id: ID) { _ = state.withLock { $0.sessions.removeValue(forKey: id) } }
}
