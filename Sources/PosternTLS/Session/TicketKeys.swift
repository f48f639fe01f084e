import COpenSSL

/// The keys that seal session tickets (RFC 5077, section 4) for gateways that share their callers' sessions: what a file held
/// at one moment. A file that changed makes others.
///
/// Tickets are sealed with the first key and opened with any; one opened with another than the first is renewed. So a
/// new key goes to the end of every gateway's file, then to the front of every one, and the oldest is taken out.
package final class TicketKeys: Sendable {
    /// Keys in one file at most.
    package static let mostKeys = 16

    private let keys: [TicketKey]

    /// - Parameter file: 80 random bytes a key (name 16, HMAC 32, AES 32, as nginx's `ssl_session_ticket_key`).
    package init(file: [UInt8]) throws(TLSConfigurationError) {
        let count = file.count / TicketKey.size
        guard count > 0, file.count % TicketKey.size == 0, count <= Self.mostKeys else {
            throw TLSConfigurationError(
                "a file of ticket keys holds 1 to \(Self.mostKeys) keys of \(TicketKey.size) bytes, not \(file.count) bytes"
            )
        }
        let keys = (0..<count).map { TicketKey(file[($0 * TicketKey.size)..<(($0 + 1) * TicketKey.size)]) }
        for (index, key) in keys.enumerated() where keys[..<index].contains(where: { $0.isNamed(key.name) }) {
            throw TLSConfigurationError("two ticket keys have the same name (their first 16 bytes)")
        }
        self.keys = keys
    }

    /// The key that seals.
    var sealing: TicketKey { keys[0] }

    /// The key of that name, and whether it no longer seals.
    func opening(_ name: UnsafeRawBufferPointer) -> (key: TicketKey, isOld: Bool)? {
        guard let place = keys.firstIndex(where: { $0.isNamed(name) }) else { return nil }
        return (keys[place], place > 0)
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

    var name: UnsafeRawBufferPointer { .init(start: memory, count: 16) }
    var authenticationKey: UnsafeRawBufferPointer { .init(start: memory + 16, count: 32) }
    var encryptionKey: UnsafeRawBufferPointer { .init(start: memory + 48, count: 32) }

    func isNamed(_ other: UnsafeRawBufferPointer) -> Bool {
        other.count == 16 && CRYPTO_memcmp(memory, other.baseAddress, 16) == 0
    }
}
