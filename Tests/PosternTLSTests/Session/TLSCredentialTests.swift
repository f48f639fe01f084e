import COpenSSL
import Glibc
import TestAuthority
import Testing

@testable import PosternTLS

@Suite struct TLSCredentialTests {
    private let made = Estate.certificate("server", names: ["DNS:api.example.internal"])

    private func problem(_ chain: String, _ key: TLSCredential.Key) -> String? {
        do {
            _ = try TLSCredential(chainPEM: Array(chain.utf8), key: key)
            return nil
        } catch {
            return error.description
        }
    }

    // MARK: Loading

    @Test func `a key of another certificate is refused`() {
        let other = TestKey()
        #expect(
            problem(made.pem, .pem(Array(other.pem.utf8)))
                == "the private key does not belong to the certificate `CN=server`")
    }

    @Test func `an encrypted key is refused in words that help`() throws {
        let encrypted = text { bio in
            PEM_write_bio_PKCS8PrivateKey(bio, made.key.key, EVP_aes_256_cbc(), "secret", 6, nil, nil)
        }
        #expect(problem(made.pem, .pem(encrypted))?.hasPrefix("the private key is encrypted:") == true)
    }

    @Test func `text without what was wanted is refused`() {
        let key = TLSCredential.Key.pem(Array(made.key.pem.utf8))
        #expect(problem("nothing here", key) == "there is no certificate in PEM form")
        #expect(problem(made.pem, .pem(Array("nothing here".utf8)))?.hasPrefix("there is no private key") == true)
        let broken = made.pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        #expect(problem(broken, key)?.hasPrefix("certificate 2 cannot be read") == true)
        #expect(ERR_peek_error() == 0)
    }

    @Test func `a key is found by its URI`() throws {
        let path = "/tmp/postern-key-\(getpid()).pem"
        defer { unlink(path) }
        let file = try #require(fopen(path, "w"))
        fputs(made.key.pem, file)
        fclose(file)
        #expect(problem(made.pem, .uri("file:\(path)")) == nil)
        #expect(problem(made.pem, .uri("file:\(path).missing"))?.contains("cannot be opened") == true)
        #expect(problem(made.pem, .uri("nosuch:thing?pin-value=1234"))?.contains("1234") == false)
    }

    @Test func `a key that is too weak for the machine's policy is refused by the context`() throws {
        let weak = Estate.credential("weak", names: ["DNS:weak.example.internal"], key: .rsa1024)
        #expect(throws: TLSConfigurationError.self) { try Estate.server(credentials: [weak]) }
    }

    // MARK: Choice by name

    private static let byName = [
        Estate.credential("default", names: ["DNS:default.example.internal"]),
        Estate.credential("exact", names: ["DNS:api.example.internal"]),
        Estate.credential("exact-rsa", names: ["DNS:api.example.internal"], key: .rsa2048),
        Estate.credential("wildcard", names: ["DNS:*.example.internal"]),
    ]

    @Test(
        arguments: Estate.versions,
        [
            ("api.example.internal", "CN=exact"), ("API.Example.Internal", "CN=exact"),
            ("other.example.internal", "CN=wildcard"), ("a.b.example.internal", "CN=default"),
            ("example.internal", "CN=default"), ("elsewhere.test", "CN=default"), (nil, "CN=default"),
            ("192.0.2.1", "CN=default"),
        ])
    func `the certificate fits the name that was asked for`(version: TLSVersion, wanted: (String?, String)) throws {
        let pair = EnginePair(
            client: try Estate.client { $0.maximumVersion = version },
            server: try Estate.server(credentials: Self.byName), serverName: wanted.0)
        pair.shakeHands()
        #expect(pair.client.result?.peer?.identity.subject == wanted.1)
    }

    @Test(arguments: Estate.versions) func `of two types of key the one that the client knows is used`(
        version: TLSVersion
    ) throws {
        let pair = EnginePair(
            client: try Estate.client { $0.maximumVersion = version },
            server: try Estate.server(nil, credentials: Self.byName))
        SSL_set_cipher_list(pair.client.session.ssl, "ECDHE-RSA-AES128-GCM-SHA256")
        #expect(postern_ssl_set_signatures(pair.client.session.ssl, "rsa_pss_rsae_sha256:RSA+SHA256") == 1)
        pair.shakeHands()
        #expect(pair.client.result?.peer?.identity.subject == "CN=exact-rsa")
    }

    @Test func `a client that asks is given the certificate's staple`() throws {
        let credential = Estate.credential("server", names: ["DNS:api.example.internal"])
        let verifier = ScriptedVerifier()
        let client = try Estate.client(verifier) { $0.asksForStaple = true }
        let server = try Estate.server(credentials: [credential])
        EnginePair(client: client, server: server).shakeHands()
        credential.staple = [1, 2, 3]
        EnginePair(client: client, server: server).shakeHands()
        #expect(verifier.state.withLock { $0.presented.map(\.stapledResponse) } == [nil, [1, 2, 3]])
    }
}

/// What OpenSSL writes into memory.
private func text(_ write: (OpaquePointer) -> Int32) -> [UInt8] {
    let bio = BIO_new(BIO_s_mem())!
    defer { BIO_free(bio) }
    #expect(write(bio) == 1)
    var bytes: UnsafeMutablePointer<CChar>?
    let count = postern_bio_bytes(bio, &bytes)
    return Array(UnsafeRawBufferPointer(start: bytes, count: count))
}
