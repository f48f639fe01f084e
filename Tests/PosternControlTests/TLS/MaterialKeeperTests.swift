import Logging
import PosternTLS
import Synchronization
import Testing

@testable import PosternControl

/// Rotation as an operator does it: files change under a keeper that watches them.
@Suite("Keeping TLS material", .serialized)
struct MaterialKeeperTests {
    private let authority: OpenSSLAuthority
    private let environment = MaterialEnvironment(credentialsDirectory: nil, systemTrust: [])

    init() throws {
        authority = try OpenSSLAuthority()
        try authority.issue("mesh")
        try authority.issue("next")
    }

    /// Lines that were logged.
    private final class Lines: Sendable {
        private let stored = Mutex<[String]>([])
        var all: [String] { stored.withLock { $0 } }
        func add(_ line: String) { stored.withLock { $0.append(line) } }
    }

    private struct Recorder: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.add("\(event.level): \(event.message)") }
    }

    private func keeper(_ lines: Lines) throws -> (MaterialKeeper, ConfigurationTree) {
        let tree = ConfigurationTree([
            "postern.yaml": """
            listeners:
              - id: vpce-a
                unix: /run/a
                tls:
                  certificates: [{certificate: \(authority.file("mesh.pem")), key: \(authority.file("mesh.key"))}]
                  clientCertificate: {trust: [\(authority.file("root.pem"))]}
            """, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        let configuration = try tree.load()
        let materials = try TLSMaterialLoader.load(configuration, environment: environment)
        let logger = Logger(label: "test") { _ in Recorder(lines: lines) }
        let keeper = MaterialKeeper(
            materials, of: configuration, environment: environment, revocation: nil, staples: nil, logger: logger,
            every: .milliseconds(5))
        return (keeper, tree)
    }

    @Test func `a new pair is published, a half one is not and is warned of once`() async throws {
        let lines = Lines()
        let (keeper, tree) = try keeper(lines)
        let (sets, continuation) = AsyncStream.makeStream(of: TLSMaterials.self)
        await keeper.start { continuation.yield($0) }
        let first = await keeper.materials

        try authority.replace("mesh.pem", with: authority.read("next.pem"))
        try await eventuallyOn { await keeper.reloads.failed == 1 }
        #expect(await keeper.materials === first)
        let refused = await keeper.report()
        #expect(refused.problems.count == 1)
        #expect(
            refused.problems.first?.contains("the private key does not belong to the certificate `CN=next`") == true)
        #expect(refused.samples.contains { $0.metric.name == "postern_tls_material_stale" && $0.value == 1 })
        // The same bad set is looked at many times more and told no more.
        try await Task.sleep(for: .milliseconds(100))
        #expect(lines.all.filter { $0.hasPrefix("warning: certificates keep their old state") }.count == 1)

        try authority.replace("mesh.key", with: authority.read("next.key"))
        var iterator = sets.makeAsyncIterator()
        let second = try #require(await iterator.next())
        #expect(second.listeners["vpce-a"]?.credentials.map(\.certificate.name) == ["CN=next"])
        #expect(second.listeners["vpce-a"]?.generation == 2)
        let served = await keeper.report()
        #expect(served.problems == [])
        #expect(served.reloadsSucceeded == 1)
        #expect(served.reloadsFailed == 1)
        await keeper.stop()
        withExtendedLifetime(tree) {}
    }

    @Test func `a trusted issuer that comes or goes makes another verifier`() async throws {
        let (keeper, tree) = try keeper(Lines())
        let (sets, continuation) = AsyncStream.makeStream(of: TLSMaterials.self)
        await keeper.start { continuation.yield($0) }
        let caller = PresentedPeer(
            role: .client,
            chain: [
                try TLSCredential(
                    chainPEM: Array(authority.read("next.pem").utf8), key: .pem(Array(authority.read("next.key").utf8))
                ).certificate
            ], serverName: nil)
        let before = try #require(await keeper.materials.listeners["vpce-a"]?.verifier)
        let peer = try before.decide(caller)
        #expect(before.refusal(of: peer) == nil)

        let stranger = try OpenSSLAuthority()
        try authority.replace("root.pem", with: stranger.read("root.pem"))
        var iterator = sets.makeAsyncIterator()
        let after = try #require(await iterator.next()?.listeners["vpce-a"]?.verifier)
        #expect(after.refusal(of: peer)?.alert == .unknownCA)
        await keeper.stop()
        withExtendedLifetime(tree) {}
    }

    @Test func `a certificate is told of once for each threshold ahead of its end`() throws {
        try authority.issue("mesh", days: 20)
        let (_, tree) = try keeper(Lines())
        let materials = try TLSMaterialLoader.load(tree.load(), environment: environment)
        let day = 86_400
        let end = try #require(materials.listeners["vpce-a"]?.credentials.first?.certificate.notAfter)
        let keys = [31, 30, 29, 14, 13, 7, 1, 0, -1].map { left in
            MaterialNotice.all(in: materials, now: end - left * day).first {
                $0.diagnostic.message.contains("CN=mesh")
            }?.key
        }
        #expect(keys[0] == nil)
        #expect(keys[1] != nil && keys[1] == keys[2])
        #expect(keys[3] == keys[4] && keys[3] != keys[2])
        #expect(Set(keys.dropFirst().compactMap(\.self)).count == 5)
    }

    private func eventuallyOn(_ condition: () async -> Bool) async throws {
        for _ in 0..<6_000 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("it never came to be")
    }
}
