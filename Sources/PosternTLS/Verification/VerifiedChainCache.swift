import Synchronization

/// Peers whose chains were verified a short time ago, by what they sent: a client that connects again costs a look-up and
/// not the signature checks of its chain and lists.
///
/// Sound because the verdict is a pure function of what is in the key (the exact bytes of every certificate sent, and the
/// name expected), the trust (a cache belongs to one `ChainVerifier`, whose trust and lists never change) and the time
/// (no entry outlives the first notAfter or nextUpdate that it rests on, nor `lifetime`). That the peer holds the leaf's
/// key is proven by the TLS handshake each time, cached or not.
///
/// Holds at most `capacity` peers, those met last; any thread may use it.
package final class VerifiedChainCache: Sendable {
    /// What was sent, and whom it had to name.
    struct Key: Hashable {
        let presented: Fingerprint
        let expected: ExpectedPeer?
    }

    private struct Entry {
        let peer: VerifiedPeer
        /// Seconds since 1970: valid at `from` and before `until`. A clock set back finds nothing.
        let from: Int
        let until: Int
    }

    /// Two halves: what was met since the last turn, and what was met before. When the first is full it becomes the
    /// second, so that each step costs the same and what is asked for stays.
    private struct Halves {
        var young: [Key: Entry] = [:]
        var old: [Key: Entry] = [:]
    }

    private let halves = Mutex(Halves())
    private let capacity: Int
    private let lifetime: Int

    /// - Parameters:
    ///   - capacity: peers; 0 remembers nothing.
    ///   - lifetime: seconds.
    package init(capacity: Int = 4096, lifetime: Int = 300) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    /// How many peers are held, those past their time included.
    package var count: Int { halves.withLock { $0.young.count + $0.old.count } }

    func peer(for key: Key, at now: Int) -> VerifiedPeer? {
        halves.withLock { halves in
            guard let entry = halves.young[key] ?? halves.old[key] else { return nil }
            guard now >= entry.from, now < entry.until else {
                halves.young[key] = nil
                halves.old[key] = nil
                return nil
            }
            if halves.young[key] == nil { insert(entry, for: key, into: &halves) }
            return entry.peer
        }
    }

    func remember(_ peer: VerifiedPeer, of chain: VerifiedChain, for key: Key) {
        guard capacity > 0 else { return }
        // OpenSSL counts the second of notAfter and of nextUpdate as past.
        let until = min(chain.verifiedAt + lifetime, chain.notAfter, chain.nextUpdate)
        let entry = Entry(peer: peer, from: chain.verifiedAt, until: until)
        halves.withLock { insert(entry, for: key, into: &$0) }
    }

    private func insert(_ entry: Entry, for key: Key, into halves: inout Halves) {
        if halves.young.count >= max(1, capacity / 2) {
            halves.old = halves.young
            halves.young = [:]
        }
        halves.old[key] = nil
        halves.young[key] = entry
    }
}
