import Synchronization
import Testing

@testable import PosternTLS
@testable import TestAuthority

@Suite struct CertificateVerifierTests {
    /// A clock that tests turn.
    private final class Clock: Sendable {
        let second = Mutex(TestClock.now)
        func advance(_ seconds: Int) { second.withLock { $0 += seconds } }
    }

    private let clock = Clock()
    private let root = TestCertificate.root()
    private let middle: TestCertificate
    private let leaf: TestCertificate

    init() {
        middle = root.intermediate()
        leaf = middle.client("client", names: ["DNS:api.example.org"])
    }

    private func verifier(
        _ settings: VerificationSettings = VerificationSettings(purpose: .client), lists: [RevocationList] = [],
        expecting expected: ExpectedPeer? = nil, cache: VerifiedChainCache = VerifiedChainCache()
    ) -> CertificateVerifier {
        let clock = clock
        return CertificateVerifier(
            ChainVerifier(trust: TrustStore([root], lists: lists), settings: settings), expecting: expected,
            cache: cache
        ) { clock.second.withLock { $0 } }
    }

    private var presented: PresentedPeer {
        PresentedPeer(role: .client, chain: [leaf.certificate, middle.certificate], serverName: nil)
    }

    private func server(_ name: String?) -> PresentedPeer {
        PresentedPeer(role: .server, chain: [leaf.certificate, middle.certificate], serverName: name)
    }

    @Test func `a chain that passed is remembered, and is the same peer`() throws {
        let cache = VerifiedChainCache()
        let verifier = verifier(cache: cache)
        let first = try verifier.decide(presented)
        #expect(first.chain.map(\.name) == ["CN=client", "CN=intermediate", "CN=root"])
        #expect(first.notAfter == TestClock.days(10))
        #expect(try verifier.decide(presented) === first)
        #expect(cache.count == 1)
    }

    @Test func `what was refused is not remembered`() throws {
        let cache = VerifiedChainCache()
        let verifier = verifier(cache: cache)
        let stranger = TestCertificate.root("other").client()
        let peer = PresentedPeer(role: .client, chain: [stranger.certificate], serverName: nil)
        #expect(throws: PeerRefusal.self) { try verifier.decide(peer) }
        #expect(cache.count == 0)
    }

    @Test func `memory ends after five minutes`() throws {
        let verifier = verifier()
        let first = try verifier.decide(presented)
        clock.advance(299)
        #expect(try verifier.decide(presented) === first)
        clock.advance(1)
        #expect(try verifier.decide(presented) !== first)
    }

    @Test func `memory ends when the certificate does`() throws {
        let verifier = verifier()
        clock.advance(10 * TestClock.day - 10)
        #expect(try verifier.decide(presented).notAfter == TestClock.days(10))
        clock.advance(10)
        let refusal = #expect(throws: PeerRefusal.self) { try verifier.decide(presented) }
        #expect(refusal?.alert == .certificateExpired)
    }

    @Test func `memory ends when the revocation list does`() throws {
        let lists = try [root, middle].map {
            try RevocationList(
                TestRevocationList(
                    RevocationRecipe(thisUpdate: TestClock.days(-5), nextUpdate: TestClock.now + 10, number: 1),
                    issuer: $0))
        }
        let verifier = verifier(lists: lists)
        let first = try verifier.decide(presented)
        clock.advance(9)
        #expect(try verifier.decide(presented) === first)
        clock.advance(1)
        let refusal = #expect(throws: PeerRefusal.self) { try verifier.decide(presented) }
        #expect(
            refusal?.reason == "the CRL of `CN=intermediate` expired 2027-01-15T08:00:10Z; file `lists.pem`")
        #expect(refusal?.alert == .certificateUnknown)
    }

    @Test func `a clock that is set back finds nothing`() throws {
        let verifier = verifier()
        let first = try verifier.decide(presented)
        clock.advance(-1)
        #expect(try verifier.decide(presented) !== first)
    }

    @Test func `the number of remembered peers is bounded, and those in use stay`() throws {
        let cache = VerifiedChainCache(capacity: 8)
        let verifier = verifier(cache: cache)
        let regular = try verifier.decide(presented)
        for index in 0..<40 {
            let other = root.client("client \(index)")
            _ = try verifier.decide(PresentedPeer(role: .client, chain: [other.certificate], serverName: nil))
            #expect(try verifier.decide(presented) === regular)
            #expect(cache.count <= 8)
        }
    }

    @Test func `nothing is remembered where the capacity is zero`() throws {
        let cache = VerifiedChainCache(capacity: 0)
        let verifier = verifier(cache: cache)
        #expect(try verifier.decide(presented) !== verifier.decide(presented))
        #expect(cache.count == 0)
    }

    @Test func `one server's chain does not pass for another server`() throws {
        let verifier = verifier(VerificationSettings(purpose: .server))
        _ = try verifier.decide(server("api.example.org"))
        let refusal = #expect(throws: PeerRefusal.self) { try verifier.decide(server("www.example.org")) }
        #expect(refusal?.reason == "the certificate is not for `www.example.org`, but for `api.example.org`")
    }

    @Test func `a server that is asked by address must have it among its addresses`() throws {
        #expect(ExpectedPeer(named: "192.0.2.1") == .address("192.0.2.1"))
        #expect(ExpectedPeer(named: "2001:db8::1") == .address("2001:db8::1"))
        #expect(ExpectedPeer(named: "1.example.org") == .host("1.example.org"))
        let verifier = verifier(VerificationSettings(purpose: .server))
        #expect(throws: PeerRefusal.self) { try verifier.decide(server("192.0.2.1")) }
    }

    @Test func `a server that nobody named is refused`() {
        let verifier = verifier(VerificationSettings(purpose: .server))
        let refusal = #expect(throws: PeerRefusal.self) { try verifier.decide(server(nil)) }
        #expect(refusal?.reason == "no name is known that the server's certificate must have")
    }

    // MARK: Resumption

    @Test func `a session resumes from memory`() throws {
        let verifier = verifier()
        let peer = try verifier.decide(presented)
        let data = try #require(peer.resumptionData)
        #expect(verifier.resume(leaf: leaf.certificate, data: data) === peer)
        #expect(verifier.resume(leaf: root.client().certificate, data: data) == nil)
    }

    @Test func `a session resumes without memory by proving its chain again`() throws {
        let data = try #require(try verifier().decide(presented).resumptionData)
        let other = verifier()
        let peer = try #require(other.resume(leaf: leaf.certificate, data: data))
        #expect(peer.identity.subject == "CN=client")
        #expect(peer.chain.count == 3)
        #expect(other.resume(leaf: leaf.certificate, data: data) === peer)
    }

    @Test func `a session does not resume once its certificate is revoked`() throws {
        let data = try #require(try verifier().decide(presented).resumptionData)
        let list = try RevocationList(
            TestRevocationList(
                RevocationRecipe(thisUpdate: TestClock.days(-5), nextUpdate: TestClock.days(5), number: 1),
                issuer: middle, revoking: [leaf]))
        let renewed = verifier(lists: [list])
        #expect(renewed.resume(leaf: leaf.certificate, data: data) == nil)
    }

    @Test func `a session does not resume under trust that does not hold its root`() throws {
        let peer = try verifier().decide(presented)
        let clock = clock
        let other = CertificateVerifier(
            ChainVerifier(trust: TrustStore([.root("other")]), settings: VerificationSettings(purpose: .client))
        ) { clock.second.withLock { $0 } }
        #expect(other.resume(leaf: leaf.certificate, data: try #require(peer.resumptionData)) == nil)
        #expect(
            other.refusal(of: peer)?.reason
                == "the chain ends in the self-signed `CN=root`, which is not in the trust store")
        #expect(verifier().refusal(of: peer) == nil)
    }

    @Test func `a server's session resumes for the name it was made for`() throws {
        let verifier = verifier(VerificationSettings(purpose: .server))
        let peer = try verifier.decide(server("api.example.org"))
        let data = try #require(peer.resumptionData)
        #expect(verifier.resume(leaf: leaf.certificate, data: data) === peer)
        #expect(ResumptionData(data)?.expected == .host("api.example.org"))
    }

    @Test func `a ticket's name does not stand in for the one that is demanded`() throws {
        let settings = VerificationSettings(purpose: .server)
        let data = try #require(try verifier(settings).decide(server("api.example.org")).resumptionData)
        let strict = verifier(settings, expecting: .host("www.example.org"))
        #expect(strict.resume(leaf: leaf.certificate, data: data) == nil)
        #expect(verifier(settings).resume(leaf: leaf.certificate, data: data) != nil)
    }

    @Test func `intermediates that do not fit are left out, and the session resumes from memory only`() throws {
        var recipe = CertificateRecipe.authority(
            subject: [["CN", "large"]], notBefore: TestClock.days(-1), notAfter: TestClock.days(1))
        recipe.extensions = [["nsComment", String(repeating: "x", count: 5000)]]
        let large = root.issue(recipe)
        let client = large.client()
        let peer = PresentedPeer(role: .client, chain: [client.certificate, large.certificate], serverName: nil)
        let first = verifier()
        let data = try #require(try first.decide(peer).resumptionData)
        #expect(data.count < 64)
        #expect(first.resume(leaf: client.certificate, data: data) != nil)
        #expect(verifier().resume(leaf: client.certificate, data: data) == nil)
    }

    @Test func `data of another making resumes nothing`() throws {
        let verifier = verifier()
        let data = try #require(try verifier.decide(presented).resumptionData)
        for cut in 0..<data.count { #expect(ResumptionData(Array(data.prefix(cut)))?.intermediates?.count != 1) }
        #expect(verifier.resume(leaf: leaf.certificate, data: []) == nil)
        #expect(verifier.resume(leaf: leaf.certificate, data: [9] + data.dropFirst()) == nil)
    }
}
