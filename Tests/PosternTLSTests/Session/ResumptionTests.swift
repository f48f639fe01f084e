import Synchronization
import TestAuthority
import Testing

@testable import PosternTLS

@Suite struct ResumptionTests {
    private let verifier = ScriptedVerifier()
    private let sessions = ClientSessions()
    private let keys = try! TicketKeys()

    private func server(
        _ keys: TicketKeys? = nil, _ change: (inout TLSServerSettings) -> Void = { _ in }
    ) throws -> TLSContext {
        try Estate.server(verifier) { settings in
            settings.ticketKeys = keys ?? self.keys
            change(&settings)
        }
    }

    /// One connection of a client that keeps sessions.
    private func connect(_ client: TLSContext, _ server: TLSContext) throws -> TLSHandshakeResult {
        let pair = EnginePair(client: client, server: server, sessions: sessions)
        pair.shakeHands()
        let result = try #require(pair.server.result, "\(String(describing: pair.server.failure))")
        #expect(pair.client.result?.isResumed == result.isResumed)
        try pair.server.write([9])
        pair.move(from: pair.server, to: pair.client)
        #expect(try pair.client.read().bytes == [9])
        return result
    }

    private func client(_ version: TLSVersion, credential: TLSCredential? = Estate.client) throws -> TLSContext {
        try Estate.client(credential: credential) { $0.maximumVersion = version }
    }

    @Test(arguments: Estate.versions) func `a resumed session knows its peer, again and again`(version: TLSVersion)
        throws
    {
        let (client, server) = (try client(version), try server())
        #expect(try !connect(client, server).isResumed)
        for _ in 0..<3 {
            let resumed = try connect(client, server)
            #expect(resumed.isResumed && resumed.peer?.identity.subject == "CN=client")
        }
        #expect(verifier.state.withLock { $0.presented.count } == 1)
        #expect(verifier.state.withLock { $0.resumptions } == 3)
    }

    @Test(arguments: Estate.versions) func `what the verifier no longer admits becomes a full handshake`(
        version: TLSVersion
    ) throws {
        let (client, server) = (try client(version), try server())
        _ = try connect(client, server)
        verifier.state.withLock { $0.admitsResumption = false }
        let again = try connect(client, server)
        #expect(!again.isResumed && again.peer != nil)
        #expect(verifier.state.withLock { $0.presented.count } == 2)
    }

    @Test(arguments: Estate.versions) func `a listener's new context resumes the old one's sessions`(
        version: TLSVersion
    ) throws {
        let client = try client(version)
        _ = try connect(client, server())
        #expect(try connect(client, server()).isResumed)
    }

    @Test(arguments: Estate.versions) func `sessions stay within their listener and its way of authentication`(
        version: TLSVersion
    ) throws {
        let client = try client(version)
        _ = try connect(client, server())
        #expect(try !connect(client, server { $0.sessionScope = "other" }).isResumed)
        sessions.removeAll()
        _ = try connect(client, server { $0.clientAuthentication = .optional })
        #expect(try !connect(client, server()).isResumed)
    }

    @Test(arguments: Estate.versions) func `a session without a certificate is resumed where none is required`(
        version: TLSVersion
    ) throws {
        let client = try client(version, credential: nil)
        let server = try server { $0.clientAuthentication = .optional }
        _ = try connect(client, server)
        let resumed = try connect(client, server)
        #expect(resumed.isResumed && resumed.peer == nil)
    }

    @Test(arguments: Estate.versions) func `a ticket of a kept key is renewed, one of a forgotten key is ignored`(
        version: TLSVersion
    ) throws {
        let (client, server) = (try client(version), try server())
        _ = try connect(client, server)
        for _ in 0..<5 {
            try keys.rotate()
            #expect(try connect(client, server).isResumed)
        }
        for _ in 0..<3 { try keys.rotate() }
        #expect(try !connect(client, server).isResumed)
        try keys.revokeAll()
        #expect(try !connect(client, server).isResumed)
    }

    @Test func `no keys, no tickets`() throws {
        let server = try Estate.server(verifier)
        let client = try client(.tls13)
        _ = try connect(client, server)
        #expect(sessions.count == 0)
        #expect(try !connect(client, server).isResumed)
    }

    @Test func `gateways with the same key file resume each other's sessions`() throws {
        let file = (0..<160).map { UInt8($0) }
        let client = try client(.tls13)
        _ = try connect(client, server(TicketKeys(file: file)))
        #expect(try connect(client, server(TicketKeys(file: file))).isResumed)
        let next = Array(file[80...]) + Array(file[..<80])
        #expect(try connect(client, server(TicketKeys(file: next))).isResumed)
    }

    @Test(arguments: [0, 79, 81, 80 * 17]) func `a key file of a wrong size is refused`(size: Int) {
        #expect(throws: TLSConfigurationError.self) {
            try TicketKeys(file: (0..<size).map { UInt8(truncatingIfNeeded: $0 / 80 * 16 + $0) })
        }
    }

    @Test func `keys grow old by the clock`() throws {
        let box = ClockBox()
        let keys = try TicketKeys(rotatingEvery: 10, keeping: 1) { box.now }
        let first = keys.sealing()
        box.now = 9
        #expect(keys.sealing() === first)
        box.now = 10
        let second = keys.sealing()
        #expect(second !== first)
        #expect(keys.opening(first.name)?.isOld == true && keys.opening(second.name)?.isOld == false)
        box.now = 20
        _ = keys.sealing()
        #expect(keys.opening(first.name) == nil)
    }

    @Test func `kept sessions are bounded, and those of TLS 1.3 are used once`() throws {
        let (client, server) = (try client(.tls13), try server())
        for _ in 0..<3 {
            let pair = EnginePair(client: client, server: server)
            pair.shakeHands()
        }
        #expect(sessions.count == 0)
        let small = ClientSessions(most: 2)
        let together = (0..<4).map { _ in EnginePair(client: client, server: server, sessions: small) }
        for pair in together { pair.shakeHands() }
        #expect(small.count == 2)
        let first = try #require(small.take())
        let second = try #require(small.take())
        #expect(first !== second && small.count == 0)
    }

    private final class ClockBox: Sendable {
        private let value = Atomic(0)
        var now: Int {
            get { value.load(ordering: .relaxed) }
            set { value.store(newValue, ordering: .relaxed) }
        }
    }
}
