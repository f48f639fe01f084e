import COpenSSL
import TestAuthority
import Testing

@testable import PosternTLS

@Suite struct TLSSessionTests {
    private func pair(_ version: TLSVersion, server: ScriptedVerifier = ScriptedVerifier()) throws -> EnginePair {
        EnginePair(
            client: try Estate.client { $0.maximumVersion = version }, server: try Estate.server(server))
    }

    // MARK: Agreement

    @Test(arguments: Estate.versions) func `both sides know what was agreed and whom they speak to`(
        version: TLSVersion
    ) throws {
        let pair = try pair(version)
        pair.shakeHands()
        let client = try #require(pair.client.result)
        let server = try #require(pair.server.result)
        #expect(client.version == version && server.version == version)
        #expect(client.cipher == server.cipher)
        #expect(client.applicationProtocol == "http/1.1" && server.applicationProtocol == "http/1.1")
        #expect(server.serverName == "api.example.internal")
        #expect(server.peer?.identity.subject == "CN=client")
        #expect(client.peer?.identity.subject == "CN=server")
        #expect(!client.isResumed && !server.isResumed)
    }

    @Test(arguments: Estate.versions) func `records that come byte by byte are understood`(version: TLSVersion) throws {
        let pair = try pair(version)
        pair.shakeHands(step: 1)
        #expect(pair.server.result != nil && pair.client.failure == nil)
        try pair.client.write(Array("hello".utf8))
        pair.move(from: pair.client, to: pair.server, step: 1)
        #expect(try pair.server.read().bytes == Array("hello".utf8))
    }

    @Test(arguments: Estate.versions) func `a mebibyte arrives whole both ways, in full records`(
        version: TLSVersion
    ) throws {
        let pair = try pair(version)
        pair.shakeHands()
        let bytes = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        for (from, to) in [(pair.client, pair.server), (pair.server, pair.client)] {
            try from.write(bytes)
            // 64 records of 16,384 bytes; what TLS adds to each is 22 to 29 bytes.
            let added = from.transport.outgoing.count - bytes.count
            #expect((64 * 22...64 * 29).contains(added))
            pair.move(from: from, to: to)
            #expect(try to.read(room: 10_000).bytes == bytes)
        }
    }

    @Test(arguments: Estate.versions) func `close_notify ends each side by itself`(version: TLSVersion) throws {
        let pair = try pair(version)
        pair.shakeHands()
        try pair.client.write([1])
        pair.client.session.closeOutput()
        pair.client.session.closeOutput()
        pair.move(from: pair.client, to: pair.server)
        let received = try pair.server.read()
        #expect(received.bytes == [1] && received.hasEnded)
        try pair.server.write([2])
        pair.server.session.closeOutput()
        pair.move(from: pair.server, to: pair.client)
        let answer = try pair.client.read()
        #expect(answer.bytes == [2] && answer.hasEnded)
    }

    // MARK: Refusals

    static let alerts: [TLSAlert] = [
        .unknownCA, .certificateExpired, .certificateRevoked, .badCertificate, .unsupportedCertificate, .decryptError,
        .handshakeFailure, .certificateUnknown, .internalError,
    ]

    @Test(arguments: Estate.versions, alerts) func `a refused client is told the verifier's alert`(
        version: TLSVersion, alert: TLSAlert
    ) throws {
        let refusal = PeerRefusal(alert: alert, code: X509_V_ERR_CRL_HAS_EXPIRED, reason: "because of `this`")
        let pair = try pair(version, server: ScriptedVerifier(refusal: refusal))
        pair.shakeHands()
        let failure = try #require(pair.server.failure)
        #expect(failure.kind == .certificateRefused && failure.refusal == refusal && failure.alertSent == alert)
        #expect(failure.reason == "because of `this`")
        #expect(pair.client.failure?.kind == .peerAlert && pair.client.failure?.alertReceived == alert)
        #expect(ERR_peek_error() == 0)
    }

    @Test(arguments: Estate.versions) func `a refused server is told the verifier's alert`(version: TLSVersion) throws {
        let refusal = PeerRefusal(alert: .unknownCA, reason: "no such authority")
        let pair = EnginePair(
            client: try Estate.client(ScriptedVerifier(refusal: refusal)) { $0.maximumVersion = version },
            server: try Estate.server())
        pair.shakeHands()
        #expect(pair.client.failure?.refusal == refusal)
        #expect(pair.server.failure?.alertReceived == .unknownCA)
    }

    @Test(arguments: [(TLSVersion.tls12, TLSAlert.handshakeFailure), (.tls13, .certificateRequired)])
    func `a client without a certificate hears that one is required`(version: TLSVersion, alert: TLSAlert) throws {
        let pair = EnginePair(
            client: try Estate.client(credential: nil) { $0.maximumVersion = version }, server: try Estate.server())
        pair.shakeHands()
        #expect(pair.server.failure?.kind == .certificateMissing)
        #expect(pair.client.failure?.alertReceived == alert)
    }

    @Test(arguments: Estate.versions) func `an optional certificate may be missing, and is judged where it comes`(
        version: TLSVersion
    ) throws {
        let anonymous = EnginePair(
            client: try Estate.client(credential: nil) { $0.maximumVersion = version },
            server: try Estate.server { $0.clientAuthentication = .optional })
        anonymous.shakeHands()
        let result = try #require(anonymous.server.result)
        #expect(result.peer == nil)

        let refused = EnginePair(
            client: try Estate.client { $0.maximumVersion = version },
            server: try Estate.server(
                ScriptedVerifier(refusal: PeerRefusal(alert: .certificateRevoked, reason: "revoked"))
            ) { $0.clientAuthentication = .optional })
        refused.shakeHands()
        #expect(refused.server.result == nil && refused.client.failure?.alertReceived == .certificateRevoked)
    }

    @Test func `no version in common is said to be so`() throws {
        let pair = EnginePair(
            client: try Estate.client { $0.maximumVersion = .tls12 },
            server: try Estate.server { $0.minimumVersion = .tls13 })
        pair.shakeHands()
        #expect(pair.server.failure?.kind == .noSharedVersion)
        #expect(pair.client.failure?.alertReceived == .protocolVersion)
    }

    @Test func `no suite in common is said to be so`() throws {
        let pair = try pair(.tls12)
        SSL_set_cipher_list(pair.client.session.ssl, "AES256-GCM-SHA384")
        pair.shakeHands()
        #expect(pair.server.failure?.kind == .noSharedCipher)
        #expect(pair.client.failure?.alertReceived == .handshakeFailure)
    }

    @Test func `a protocol that is not spoken here is refused by name`() throws {
        let pair = EnginePair(
            client: try Estate.client { $0.applicationProtocols = ["spdy/1"] }, server: try Estate.server())
        pair.shakeHands()
        #expect(pair.server.failure?.kind == .noApplicationProtocol)
        #expect(pair.client.failure?.alertReceived == .noApplicationProtocol)
    }

    @Test func `the server's favourite protocol is chosen`() throws {
        let pair = EnginePair(
            client: try Estate.client { $0.applicationProtocols = ["http/1.1", "h2"] },
            server: try Estate.server { $0.applicationProtocols = ["h2", "http/1.1"] })
        pair.shakeHands()
        #expect(pair.client.result?.applicationProtocol == "h2")
    }

    // MARK: Bounds

    @Test(arguments: [nil, 100]) func `a ClientHello over its bound is refused before it is whole`(step: Int?) throws {
        let long = String(repeating: "x", count: 250)
        let pair = EnginePair(
            client: try Estate.client { $0.applicationProtocols = (0..<80).map { "\(long)\($0)" } },
            server: try Estate.server())
        pair.shakeHands(step: step)
        #expect(pair.server.failure?.kind == .helloTooLarge)
        #expect(pair.client.failure?.alertReceived == .decodeError)
    }

    @Test(arguments: Estate.versions) func `a client's chain over its bound is refused`(version: TLSVersion) throws {
        let pair = EnginePair(
            client: try Estate.client { $0.maximumVersion = version },
            server: try Estate.server { $0.mostChainBytes = 100 })
        pair.shakeHands()
        #expect(pair.server.failure?.kind == .chainTooLarge)
    }

    @Test func `what is no TLS is told apart from TLS that failed`() throws {
        for (bytes, kind) in [
            ("GET / HTTP/1.1\r\n\r\n", TLSFailure.Kind.plainHTTP), ("SSH-2.0-OpenSSH_9.2\r\n", .notTLS),
        ] {
            let server = Engine(try Estate.server())
            server.transport.incoming = Array(bytes.utf8)
            server.advance()
            #expect(server.failure?.kind == kind)
        }
    }

    @Test func `a record that was changed ends the session with OpenSSL's reason`() throws {
        let pair = try pair(.tls13)
        pair.shakeHands()
        try pair.client.write(Array("hello".utf8))
        pair.client.transport.outgoing[10] ^= 1
        pair.move(from: pair.client, to: pair.server)
        let failure = try #require(throws: TLSFailure.self) { try pair.server.read() }
        #expect(failure.kind == .protocolError && failure.alertSent == .badRecordMAC)
        #expect(failure.reason == "decryption failed or bad record mac")
        #expect(ERR_peek_error() == 0)
    }

    @Test func `renegotiation is refused`() throws {
        let pair = try pair(.tls12)
        pair.shakeHands()
        #expect(SSL_renegotiate(pair.client.session.ssl) == 0)
        #expect(SSL_get_options(pair.server.session.ssl) & (1 << 30) != 0)
    }
}
