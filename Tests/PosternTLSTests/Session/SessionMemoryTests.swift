import COpenSSL
import Foundation
import Synchronization
import TestAuthority
import Testing

@testable import PosternTLS

@Suite struct SessionMemoryTests {
    private typealias Hook =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<CRYPTO_EX_DATA>?, Int32, Int,
            UnsafeMutableRawPointer?
        ) -> Void

    /// How many of OpenSSL's objects have been made and not freed, by the hooks that it offers for application data.
    private final class Living: Sendable {
        static let kinds: [(name: String, index: Int32)] = [
            ("SSL", CRYPTO_EX_INDEX_SSL), ("SSL_SESSION", CRYPTO_EX_INDEX_SSL_SESSION), ("X509", CRYPTO_EX_INDEX_X509),
            ("BIO", CRYPTO_EX_INDEX_BIO),
        ]

        let count = Atomic(0)

        /// Counts from here on, for the rest of the process: the hooks cannot be taken away.
        init(_ kind: Int32) {
            let place = Unmanaged.passRetained(self).toOpaque()
            let made: Hook = { _, _, _, _, _, place in Living.at(place).count.add(1, ordering: .relaxed) }
            let freed: Hook = { _, _, _, _, _, place in Living.at(place).count.subtract(1, ordering: .relaxed) }
            _ = CRYPTO_get_ex_new_index(kind, 0, place, made, nil, freed)
        }

        private static func at(_ place: UnsafeMutableRawPointer?) -> Living {
            Unmanaged<Living>.fromOpaque(place!).takeUnretainedValue()
        }
    }

    /// Handshakes of each version. More with POSTERN_TEST_HANDSHAKES, for which a hundred thousand take some minutes:
    ///
    ///     POSTERN_TEST_HANDSHAKES=100000 swift test --filter SessionMemoryTests
    private static let handshakes =
        ProcessInfo.processInfo.environment["POSTERN_TEST_HANDSHAKES"].flatMap { Int($0) } ?? 1_600

    /// Every way a handshake ends, over and over: what it made is gone again. Other tests run beside this one, and what
    /// was made before counting began is freed meanwhile, so the bound is not nought; one leak in a round is 400.
    @Test(arguments: Estate.versions) func `handshakes leave nothing behind`(version: TLSVersion) throws {
        let keys = TicketKeys.made()
        let held = ServerSessions(most: 8)
        let refusing = ScriptedVerifier(refusal: PeerRefusal(alert: .unknownCA, reason: "refused"))
        let deferring = ScriptedVerifier(mayDefer: true)
        let admitting = ScriptedVerifier()
        let client = try Estate.client(admitting) { $0.maximumVersion = version }
        let servers = try [admitting, refusing, deferring].map { verifier in
            try Estate.server(verifier) { $0.ticketKeys = keys }
        }
        let holding = try Estate.server(admitting) { $0.sessions = held }
        let (sealed, numbered) = (ClientSessions(), ClientSessions())
        func round() {
            EnginePair(client: client, server: servers[0], sessions: sealed).shakeHands()
            EnginePair(client: client, server: holding, sessions: numbered).shakeHands()
            EnginePair(client: client, server: servers[1]).shakeHands()
            EnginePair(client: client, server: servers[2]).shakeHands()
            // Full ones as well, and those that fall out of the table.
            if Bool.random() { numbered.removeAll() }
            for verifier in [admitting, refusing, deferring] {
                verifier.state.withLock { state in
                    state.presented = []
                    state.later = nil
                }
            }
        }
        for _ in 0..<50 { round() }
        let living = Living.kinds.map { Living($0.index) }
        let before = Self.residentKiB
        for _ in 0..<(Self.handshakes / 4) { round() }
        for (kind, counter) in zip(Living.kinds, living) {
            let left = counter.count.load(ordering: .relaxed)
            #expect(left < 300, "\(left) of \(kind.name) after \(Self.handshakes) handshakes")
        }
        // Other tests take memory as well while few are made.
        let growth = Self.residentKiB - before
        #expect(growth < 65_536, "\(growth) KiB more after \(Self.handshakes) handshakes")
    }

    private static var residentKiB: Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE)) / 1_024
    }
}
