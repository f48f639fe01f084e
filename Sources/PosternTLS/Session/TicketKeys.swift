import COpenSSL
import Glibc
import Synchronization

/// The keys that seal session tickets (RFC 5077, section 4), shared by every context that may resume the same sessions.
///
/// Tickets are sealed with the newest key and opened with any that is kept; one opened with an older key is renewed.
/// Keys that we make are replaced as time goes by, when the next ticket is sealed; keys read from a file, which
/// gateways share, are replaced with the file.
package final class TicketKeys: Sendable {
    private struct State {
        /// Newest first; never empty.
        var keys: [TicketKey]
        /// When the newest is no longer used to seal, on the monotonic clock; nil: its file decides.
        var nextRotation: Int?
    }

    /// Keys in one file at most.
    package static let mostKeys = 16

    private let state: Mutex<State>
    private let interval: Int
    private let kept: Int
    private let now: @Sendable () -> Int

    /// Keys of our own making.
    ///
    /// - Parameters:
    ///   - interval: seconds for which a key seals.
    ///   - kept: how many earlier keys still open tickets; a ticket's lifetime should not exceed `interval` × `kept`.
    ///   - now: seconds on a clock that never goes back.
    package init(
        rotatingEvery interval: Int = 3_600, keeping kept: Int = 2,
        now: @escaping @Sendable () -> Int = TicketKeys.monotonicSeconds
    ) throws(TLSConfigurationError) {
        precondition(interval > 0 && kept >= 0 && kept < Self.mostKeys)
        self.interval = interval
        self.kept = kept
        self.now = now
        state = Mutex(State(keys: [try TicketKey.random()], nextRotation: now() + interval))
    }

    /// Keys from a shared file: 80 random bytes each (name 16, HMAC 32, AES 32, as nginx's `ssl_session_ticket_key`),
    /// the one that seals first.
    package init(file: [UInt8]) throws(TLSConfigurationError) {
        interval = 0
        kept = 0
        now = { 0 }
        state = Mutex(State(keys: try Self.keys(in: file), nextRotation: nil))
    }

    /// The shared file has new content.
    package func replace(file: [UInt8]) throws(TLSConfigurationError) {
        let keys = try Self.keys(in: file)
        state.withLock { $0 = State(keys: keys, nextRotation: nil) }
    }

    /// Starts a new key now; tickets of earlier keys stay valid while they are kept.
    package func rotate() throws(TLSConfigurationError) {
        let key = try TicketKey.random()
        state.withLock { Self.rotate(&$0, key, kept: kept, next: now() + interval) }
    }

    /// Forgets all earlier keys: nothing that was sealed before can be resumed.
    package func revokeAll() throws(TLSConfigurationError) {
        let key = try TicketKey.random()
        state.withLock { state in
            state.keys = [key]
            if state.nextRotation != nil { state.nextRotation = now() + interval }
        }
    }

    package static func monotonicSeconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec
    }

    // MARK: Use

    /// The key that seals; a new one when its time has come. Where no randomness is to be had the old one goes on.
    func sealing() -> TicketKey {
        let time = now()
        return state.withLock { state in
            if let due = state.nextRotation, time >= due, let key = try? TicketKey.random() {
                Self.rotate(&state, key, kept: kept, next: time + interval)
            }
            return state.keys[0]
        }
    }

    /// The key of that name, and whether it is no longer the newest.
    func opening(_ name: UnsafeRawBufferPointer) -> (key: TicketKey, isOld: Bool)? {
        state.withLock { state in
            guard let place = state.keys.firstIndex(where: { $0.isNamed(name) }) else { return nil }
            return (state.keys[place], place > 0)
        }
    }

    private static func rotate(_ state: inout State, _ key: TicketKey, kept: Int, next: Int) {
        state.keys.insert(key, at: 0)
        if state.keys.count > kept + 1 { state.keys.removeLast(state.keys.count - kept - 1) }
        state.nextRotation = next
    }

    private static func keys(in file: [UInt8]) throws(TLSConfigurationError) -> [TicketKey] {
        let count = file.count / TicketKey.size
        guard count > 0, file.count % TicketKey.size == 0, count <= mostKeys else {
            throw TLSConfigurationError(
                "a file of ticket keys holds 1 to \(mostKeys) keys of \(TicketKey.size) bytes, not \(file.count) bytes")
        }
        let keys = (0..<count).map { TicketKey(file[($0 * TicketKey.size)..<(($0 + 1) * TicketKey.size)]) }
        for (index, key) in keys.enumerated() where keys[..<index].contains(where: { $0.isNamed(key.name) }) {
            throw TLSConfigurationError("two ticket keys have the same name (their first 16 bytes)")
        }
        return keys
    }
}

/// One key that seals tickets; wiped when nobody uses it any more.
///
/// Sendable by this invariant: its memory is written in `init` and wiped in `deinit`, and only read between.
final class TicketKey: @unchecked Sendable {
    static let size = 80

    private let memory: UnsafeMutableRawPointer

    init(_ bytes: some Collection<UInt8>) {
        precondition(bytes.count == Self.size)
        memory = .allocate(byteCount: Self.size, alignment: 8)
        UnsafeMutableRawBufferPointer(start: memory, count: Self.size).copyBytes(from: bytes)
    }

    deinit {
        OPENSSL_cleanse(memory, Self.size)
        memory.deallocate()
    }

    static func random() throws(TLSConfigurationError) -> TicketKey {
        var bytes = [UInt8](repeating: 0, count: size)
        guard RAND_priv_bytes(&bytes, Int32(size)) == 1 else {
            throw TLSConfigurationError("no randomness for ticket keys: \(OpenSSLError.drainText())")
        }
        defer { OPENSSL_cleanse(&bytes, size) }
        return TicketKey(bytes)
    }

    var name: UnsafeRawBufferPointer { .init(start: memory, count: 16) }
    var authenticationKey: UnsafeRawBufferPointer { .init(start: memory + 16, count: 32) }
    var encryptionKey: UnsafeRawBufferPointer { .init(start: memory + 48, count: 32) }

    func isNamed(_ other: UnsafeRawBufferPointer) -> Bool {
        other.count == 16 && CRYPTO_memcmp(memory, other.baseAddress, 16) == 0
    }
}
