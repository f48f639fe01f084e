import COpenSSL
import TestAuthority
import Testing

@testable import PosternTLS

@Suite struct ResumptionTests {
    private let verifier = ScriptedVerifier()
    private let sessions = ClientSessions()
    private let keys = TicketKeys.made()
    private let held = ServerSessions()

    /// Where sessions are.
    enum Place: CaseIterable { case memory, tickets }

    private func server(
        _ place: Place = .tickets, _ keys: TicketKeys? = nil, _ change: (inout TLSServerSettings) -> Void = { _ in }
    ) throws -> TLSContext {
        try Estate.server(verifier) { settings in
            switch place {
            case .memory: settings.sessions = held
            case .tickets: settings.ticketKeys = keys ?? self.keys
            }
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

    @Test(arguments: Estate.versions, Place.allCases) func `a resumed session knows its peer, again and again`(
        version: TLSVersion, place: Place
    )
        throws
    {
        let (client, server) = (try client(version), try server(place))
        #expect(try !connect(client, server).isResumed)
        for _ in 0..<3 {
            let resumed = try connect(client, server)
            #expect(resumed.isResumed && resumed.peer?.identity.subject == "CN=client")
        }
        #expect(verifier.state.withLock { $0.presented.count } == 1)
        #expect(verifier.state.withLock { $0.resumptions } == 3)
    }

    @Test(arguments: Estate.versions, Place.allCases)
    func `what the verifier no longer admits becomes a full handshake`(
        version: TLSVersion, place: Place
    ) throws {
        let (client, server) = (try client(version), try server(place))
        _ = try connect(client, server)
        verifier.state.withLock { $0.admitsResumption = false }
        let again = try connect(client, server)
        #expect(!again.isResumed && again.peer != nil)
        #expect(verifier.state.withLock { $0.presented.count } == 2)
    }

    @Test(arguments: Estate.versions, Place.allCases) func `a listener's new context resumes the old one's sessions`(
        version: TLSVersion, place: Place
    ) throws {
        let client = try client(version)
        _ = try connect(client, server(place))
        #expect(try connect(client, server(place)).isResumed)
    }

    @Test(arguments: Estate.versions, Place.allCases)
    func `sessions stay within their listener and its way of authentication`(
        version: TLSVersion, place: Place
    ) throws {
        let client = try client(version)
        _ = try connect(client, server(place))
        #expect(try !connect(client, server(place) { $0.sessionScope = "other" }).isResumed)
        sessions.removeAll()
        _ = try connect(client, server(place) { $0.clientAuthentication = .optional })
        #expect(try !connect(client, server(place)).isResumed)
    }

    @Test(arguments: Estate.versions, Place.allCases)
    func `a session without a certificate is resumed where none is required`(
        version: TLSVersion, place: Place
    ) throws {
        let client = try client(version, credential: nil)
        let server = try server(place) { $0.clientAuthentication = .optional }
        _ = try connect(client, server)
        let resumed = try connect(client, server)
        #expect(resumed.isResumed && resumed.peer == nil)
    }

    @Test(arguments: Estate.versions) func `a ticket of a kept key is renewed, one of a forgotten key is ignored`(
        version: TLSVersion
    ) throws {
        let client = try client(version)
        _ = try connect(client, server(.tickets, .made(seeds: 1)))
        for seed in 2..<7 {
            #expect(try connect(client, server(.tickets, .made(seeds: seed, seed - 1))).isResumed)
        }
        #expect(try !connect(client, server(.tickets, .made(seeds: 8, 7))).isResumed)
    }

    @Test func `a client that offers several sessions is the peer of the one that is taken`() throws {
        let server = try server(.memory) { $0.clientAuthentication = .optional }
        let session = Engine(server).session
        let peer = ScriptedVerifier.accepted([Estate.client.certificate])
        #expect(session.mayResume(leaf: peer.chain[0], data: peer.resumptionData))
        #expect(session.resumablePeer != nil)
        #expect(session.mayResume(leaf: nil, data: nil))
        #expect(session.resumablePeer == nil)
    }

    @Test(arguments: Estate.versions) func `what is held has no certificates, whatever the client sent`(
        version: TLSVersion
    ) throws {
        let server = try server(.memory)
        _ = try connect(client(version), server)
        let kept = try #require(sessions.take())
        let id = try #require(version == .tls13 ? Self.ticket(of: kept.pointer) : ServerSessions.ID(of: kept.pointer))
        let stored = try #require(held.find(id))
        #expect(SSL_SESSION_get0_peer(stored.pointer) == nil && stored.isFresh)
        #expect(stored.peer?.identity.subject == "CN=client")
        #expect(SSL_SESSION_get_timeout(stored.pointer) == 7_200)
    }

    @Test(arguments: Estate.versions) func `a session ends with a connection that breaks`(version: TLSVersion) throws {
        let server = try server(.memory)
        do {
            let pair = EnginePair(client: try client(version), server: server, sessions: sessions)
            pair.shakeHands()
            #expect(held.count == 1)
            pair.server.transport.incoming = [23, 3, 3, 0, 32] + [UInt8](repeating: 9, count: 32)
            #expect(throws: TLSFailure.self) { try pair.server.read() }
        }
        #expect(held.count == 0)
        #expect(try !connect(client(version), server).isResumed)
    }

    @Test func `sessions held are bounded, the oldest go first`() throws {
        let few = ServerSessions(most: 3)
        let server = try server(.memory) { $0.sessions = few }
        let client = try client(.tls12)
        let all = try (0..<5).map { _ in
            sessions.removeAll()
            _ = try connect(client, server)
            return try #require(ServerSessions.ID(of: sessions.take()?.pointer))
        }
        #expect(few.count == 3)
        #expect(all.map { few.find($0) != nil } == [false, false, true, true, true])
        few.removeAll()
        #expect(few.count == 0)
        #expect(try !connect(client, server).isResumed)
        #expect(try connect(client, server).isResumed)
    }

    @Test func `sessions held go when their time is over`() throws {
        let (client, server) = (try client(.tls12), try server(.memory))
        let first = try (0..<3).map { _ in
            sessions.removeAll()
            _ = try connect(client, server)
            let id = try #require(ServerSessions.ID(of: sessions.take()?.pointer))
            return try #require(held.find(id))
        }
        for session in first { SSL_SESSION_set_time(session.pointer, Estate.now - 7_201) }
        #expect(held.count == 3)
        #expect(try !connect(client, server).isResumed)
        for _ in 0..<5 {
            sessions.removeAll()
            _ = try connect(client, server)
        }
        #expect(held.count == 6)
    }

    private static func ticket(of session: OpaquePointer) -> ServerSessions.ID? {
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        SSL_SESSION_get0_ticket(session, &bytes, &count)
        return ServerSessions.ID(bytes, count: count)
    }

    @Test func `no place and no keys, no tickets`() throws {
        let server = try Estate.server(verifier)
        let client = try client(.tls13)
        _ = try connect(client, server)
        #expect(sessions.count == 0)
        #expect(try !connect(client, server).isResumed)
    }

    @Test func `gateways with the same key file resume each other's sessions`() throws {
        let file = (0..<160).map { UInt8($0) }
        let client = try client(.tls13)
        _ = try connect(client, server(.tickets, TicketKeys(file: file)))
        #expect(try connect(client, server(.tickets, TicketKeys(file: file))).isResumed)
        let next = Array(file[80...]) + Array(file[..<80])
        #expect(try connect(client, server(.tickets, TicketKeys(file: next))).isResumed)
    }

    @Test(arguments: [0, 79, 81, 80 * 17]) func `a key file of a wrong size is refused`(size: Int) {
        #expect(throws: TLSConfigurationError.self) {
            try TicketKeys(file: (0..<size).map { UInt8(truncatingIfNeeded: $0 / 80 * 16 + $0) })
        }
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
}
