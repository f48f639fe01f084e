import COpenSSL
import Glibc
import Synchronization
import TestAuthority

@testable import PosternTLS

/// Records on their way between two sessions in memory.
final class MemoryTransport: RecordTransport {
    var incoming: [UInt8] = []
    var outgoing: [UInt8] = []
    private var position = 0

    func take(into space: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(space.count, incoming.count - position)
        space.copyBytes(from: incoming[position..<(position + count)])
        position += count
        if position == incoming.count {
            incoming = []
            position = 0
        }
        return count
    }

    func put(_ bytes: UnsafeRawBufferPointer) { outgoing += bytes }
}

/// One side of a connection in memory, and how its handshake ended.
final class Engine {
    let transport = MemoryTransport()
    let session: TLSSession
    var result: TLSHandshakeResult?
    var failure: TLSFailure?
    var awaitsVerdict = false

    init(_ context: TLSContext, serverName: String? = nil, sessions: ClientSessions? = nil) {
        session = TLSSession(context: context, transport: transport, serverName: serverName, sessions: sessions)
    }

    func advance() {
        guard result == nil, failure == nil else { return }
        do {
            switch try session.advance() {
            case .wantsInput: awaitsVerdict = false
            case .awaitsVerdict: awaitsVerdict = true
            case .done(let result):
                awaitsVerdict = false
                self.result = result
            }
        } catch {
            failure = error
        }
    }

    func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try session.write($0) } }

    /// Everything that can be decrypted now, and whether the peer has ended its side.
    func read(room: Int = 4_096) throws -> (bytes: [UInt8], hasEnded: Bool) {
        var all: [UInt8] = []
        var space = [UInt8](repeating: 0, count: room)
        while true {
            switch try space.withUnsafeMutableBytes({ try session.read(into: $0) }) {
            case .bytes(let count): all += space[..<count]
            case .wantsInput: return (all, false)
            case .ended: return (all, true)
            }
        }
    }
}

/// A client and a server in memory.
final class EnginePair {
    let client: Engine
    let server: Engine

    init(
        client: TLSContext, server: TLSContext, serverName: String? = "api.example.internal",
        sessions: ClientSessions? = nil
    ) {
        self.client = Engine(client, serverName: serverName, sessions: sessions)
        self.server = Engine(server)
    }

    /// Moves records until neither side has any, and each advances when it was given some.
    ///
    /// - Parameter step: bytes that are given at once; nil for all.
    func shakeHands(step: Int? = nil) {
        client.advance()
        server.advance()
        while move(from: client, to: server, step: step) || move(from: server, to: client, step: step) {}
        // What the peer told after its handshake: alerts and tickets.
        if client.result != nil, client.failure == nil {
            do { _ = try client.read() } catch { client.failure = error as? TLSFailure }
        }
    }

    @discardableResult
    func move(from: Engine, to: Engine, step: Int? = nil) -> Bool {
        let bytes = from.transport.outgoing
        guard !bytes.isEmpty else { return false }
        from.transport.outgoing = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(step ?? rest.count)
            rest = rest.dropFirst(part.count)
            to.transport.incoming += part
            to.advance()
        }
        return true
    }
}

/// A verifier that does as it is told, and remembers what it was asked.
final class ScriptedVerifier: PeerVerifier {
    struct State {
        var presented: [PresentedPeer] = []
        var later: DeferredVerdict?
        var admitsResumption = true
        var resumptions = 0
    }

    let mayDefer: Bool
    let state = Mutex(State())
    private let refusal: PeerRefusal?

    init(refusal: PeerRefusal? = nil, mayDefer: Bool = false) {
        self.refusal = refusal
        self.mayDefer = mayDefer
    }

    func verify(_ peer: PresentedPeer, later: DeferredVerdict) -> PeerVerdict {
        state.withLock { state in
            state.presented.append(peer)
            if mayDefer { state.later = later }
        }
        if mayDefer { return .deferred }
        return refusal.map { .refused($0) } ?? .accepted(Self.accepted(peer.chain))
    }

    func resume(leaf: Certificate, data: [UInt8]) -> VerifiedPeer? {
        state.withLock { state in
            state.resumptions += 1
            return state.admitsResumption && data == [7] ? Self.accepted([leaf]) : nil
        }
    }

    static func accepted(_ chain: [Certificate]) -> VerifiedPeer {
        VerifiedPeer(
            chain: chain, identity: try! CertificateIdentity(chain), notAfter: chain[0].notAfter, resumptionData: [7])
    }
}

/// Certificates of one small estate.
enum Estate {
    static let now = time(nil)
    static let root = TestCertificate(
        selfSigned: .authority(subject: [["CN", "Test Root"]], notBefore: now - 86_400, notAfter: now + 864_000))

    static let server = credential("server", names: ["DNS:api.example.internal"])
    static let client = credential("client", names: ["URI:spiffe://example.internal/client"])

    static func certificate(_ name: String, names: [String], key: TestKey.Kind = .p256) -> TestCertificate {
        var recipe = CertificateRecipe(
            subject: [["CN", name]], notBefore: now - 86_400, notAfter: now + 86_400, names: names)
        recipe.key = key
        return root.issue(recipe)
    }

    static func credential(_ name: String, names: [String], key: TestKey.Kind = .p256) -> TLSCredential {
        let made = certificate(name, names: names, key: key)
        return try! TLSCredential(chainPEM: Array(made.pem.utf8), key: .pem(Array(made.key.pem.utf8)))
    }

    static func server(
        _ verifier: ScriptedVerifier? = ScriptedVerifier(), credentials: [TLSCredential] = [server],
        _ change: (inout TLSServerSettings) -> Void = { _ in }
    ) throws -> TLSContext {
        var settings = TLSServerSettings()
        settings.verifier = verifier
        if verifier == nil { settings.clientAuthentication = .off }
        change(&settings)
        return try TLSContext(server: settings, credentials: credentials)
    }

    static func client(
        _ verifier: ScriptedVerifier? = ScriptedVerifier(), credential: TLSCredential? = client,
        _ change: (inout TLSClientSettings) -> Void = { _ in }
    ) throws -> TLSContext {
        var settings = TLSClientSettings()
        settings.verifier = verifier
        settings.credential = credential
        change(&settings)
        return try TLSContext(client: settings)
    }

    static let versions = [TLSVersion.tls12, .tls13]
}
