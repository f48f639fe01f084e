import COpenSSL
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

    /// Every way a handshake ends, over and over: what it made is gone again. Other tests run beside this one, and what
    /// was made before counting began is freed meanwhile, so the bound is not nought; one leak in a round is 400.
    @Test(arguments: Estate.versions) func `handshakes leave nothing behind`(version: TLSVersion) throws {
        let keys = try TicketKeys()
        let refusing = ScriptedVerifier(refusal: PeerRefusal(alert: .unknownCA, reason: "refused"))
        let deferring = ScriptedVerifier(mayDefer: true)
        let admitting = ScriptedVerifier()
        let client = try Estate.client(admitting) { $0.maximumVersion = version }
        let servers = try [admitting, refusing, deferring].map { verifier in
            try Estate.server(verifier) { $0.ticketKeys = keys }
        }
        let sessions = ClientSessions()
        func round() {
            EnginePair(client: client, server: servers[0], sessions: sessions).shakeHands()
            EnginePair(client: client, server: servers[1]).shakeHands()
            EnginePair(client: client, server: servers[2]).shakeHands()
            for verifier in [admitting, refusing, deferring] {
                verifier.state.withLock { state in
                    state.presented = []
                    state.later = nil
                }
            }
        }
        for _ in 0..<10 { round() }
        let living = Living.kinds.map { Living($0.index) }
        for _ in 0..<400 { round() }
        for (kind, counter) in zip(Living.kinds, living) {
            let left = counter.count.load(ordering: .relaxed)
            #expect(left < 300, "\(left) of \(kind.name) after 400 rounds")
        }
    }
}
