#if canImport(PosternTLS)
    @testable import PosternTLS
#endif

/// What holds for whatever bytes come in place of a client's records: nil, or the promise that was broken.
///
/// The first byte chooses the server, and in what pieces the rest comes. Shared by the unit tests, which replay the
/// corpus, and by the fuzzer.
func violatedTLSRecordsInvariant(_ bytes: [UInt8]) -> String? {
    guard let choice = bytes.first else { return nil }
    let server = RecordsServer.all[Int(choice & 7)]
    let whole = server.answer(to: bytes.dropFirst(), step: bytes.count)
    guard !whole.isDone else { return "a handshake without the client's keys was finished" }
    guard whole.written <= 32_768 else { return "\(whole.written) bytes were sent" }
    let pieces = server.answer(to: bytes.dropFirst(), step: 1 + Int(choice >> 3))
    // A certificate that comes in one call with the hello, before it was asked for, cannot pause the handshake: refused,
    // but not by the verifier.
    guard whole.failure == pieces.failure || server.defers else {
        return "\(String(describing: whole.failure)) became \(String(describing: pieces.failure)) in pieces"
    }
    return nil
}

/// Servers of every kind, with fixed keys and certificates.
struct RecordsServer {
    static let all: [RecordsServer] = [
        RecordsServer(),
        RecordsServer { $0.clientAuthentication = .optional },
        RecordsServer { $0.clientAuthentication = .off },
        RecordsServer { $0.sessions = ServerSessions(most: 64) },
        RecordsServer { $0.ticketKeys = try! TicketKeys(file: (0..<80).map { $0 }) },
        RecordsServer { $0.maximumVersion = .tls12 },
        RecordsServer { $0.minimumVersion = .tls13 },
        RecordsServer(defers: true),
    ]

    struct Answer {
        var failure: TLSFailure.Kind?
        var isDone = false
        var written = 0
    }

    let defers: Bool
    private let context: TLSContext
    private let verifier: LateVerifier

    private init(defers: Bool = false, _ change: (inout TLSServerSettings) -> Void = { _ in }) {
        self.defers = defers
        verifier = LateVerifier(mayDefer: defers)
        var settings = TLSServerSettings()
        settings.verifier = verifier
        change(&settings)
        let credential = try! TLSCredential(
            chainPEM: Array(Self.certificate.utf8), key: .pem(Array(Self.key.utf8)))
        context = try! TLSContext(server: settings, credentials: [credential])
    }

    /// A session's end, given the bytes in pieces of `step`.
    func answer(to records: ArraySlice<UInt8>, step: Int) -> Answer {
        let transport = Bytes()
        let session = TLSSession(context: context, transport: transport)
        var answer = Answer()
        var rest = records
        while !rest.isEmpty, answer.failure == nil, !answer.isDone {
            let piece = rest.prefix(step)
            rest = rest.dropFirst(piece.count)
            transport.incoming += piece
            advance(session, &answer)
        }
        answer.written = transport.written
        return answer
    }

    private func advance(_ session: TLSSession, _ answer: inout Answer) {
        do throws(TLSFailure) {
            var progress = try session.advance()
            if case .awaitsVerdict = progress {
                verifier.decide()
                progress = try session.advance()
            }
            if case .done = progress { answer.isDone = true }
        } catch {
            answer.failure = error.kind
        }
    }

    /// The real verifier, whose verdict may come late.
    private final class LateVerifier: PeerVerifier {
        let mayDefer: Bool
        // The fuzzer and a test use one session at a time.
        private nonisolated(unsafe) var waiting: (PresentedPeer, DeferredVerdict)?
        private let verifier: CertificateVerifier

        init(mayDefer: Bool) {
            self.mayDefer = mayDefer
            let anchor = TrustAnchor(
                certificate: try! TLSCredential.certificates(in: Array(RecordsServer.root.utf8))[0],
                source: CertificateSource(path: "root.pem", item: 1), trustDomain: nil)
            let trust = TrustStore(anchors: [anchor], revocationLists: [], generation: 1)
            // Within the validity of the fixed certificates, whatever the day.
            verifier = CertificateVerifier(
                ChainVerifier(trust: trust, settings: VerificationSettings(purpose: .client)), now: { 2_000_000_000 })
        }

        func verify(_ peer: PresentedPeer, later: DeferredVerdict) -> PeerVerdict {
            guard mayDefer else { return verifier.verify(peer, later: later) }
            waiting = (peer, later)
            return .deferred
        }

        func decide() {
            guard let (peer, later) = waiting.take() else { return }
            later.resolve(verifier.verify(peer, later: later))
        }

        func resume(leaf: Certificate, data: [UInt8]) -> VerifiedPeer? { verifier.resume(leaf: leaf, data: data) }
    }

    private final class Bytes: RecordTransport {
        var incoming: [UInt8] = []
        var written = 0

        func take(into space: UnsafeMutableRawBufferPointer) -> Int {
            let count = min(space.count, incoming.count)
            space.copyBytes(from: incoming[..<count])
            incoming.removeFirst(count)
            return count
        }

        func put(_ bytes: UnsafeRawBufferPointer) { written += bytes.count }
    }

    // MARK: Material, good for a hundred years and for nothing else

    private static let root = """
        -----BEGIN CERTIFICATE-----
        MIIBjzCCATWgAwIBAgIUeBbEejkeHVLKTbJTK9VberoSqNgwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJRnV6eiBSb290MCAXDTI2MTEyMjEzNDUyNloYDzIxMjYxMDI5
        MTM0NTI2WjAUMRIwEAYDVQQDDAlGdXp6IFJvb3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARvaeyl+C1xP4rCsn8SHg2hgwi4uBfplipe3cXZpMLzTOTVTk1aIzNq
        GhWy0Ef3wGOLf6ghKtu6B6nRWXC88XtYo2MwYTAdBgNVHQ4EFgQUf4sYoDCJJmgD
        I0P7Zbx/XzedMxYwHwYDVR0jBBgwFoAUf4sYoDCJJmgDI0P7Zbx/XzedMxYwDwYD
        VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZIzj0EAwIDSAAwRQIh
        ALdAHO9nKKStbenw8nwxu6vaF6OoY22LKW2EIdOXmy5zAiAyC98CQce7KbFasRpi
        xPsk3jGzmcw5aDgf7CnzNq0Utg==
        -----END CERTIFICATE-----
        """

    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBwDCCAWegAwIBAgIUH+ruhiIDYfMXYMslnMyOej6vvgwwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJRnV6eiBSb290MCAXDTI2MTEyMjEzNDUyNloYDzIxMjYxMDI5
        MTM0NTI2WjARMQ8wDQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMB
        BwNCAATuxu4bpZaRFPA7Pr5sGz+LRW5MLD3D+dc8R/TWsmJXoVOoaKvMuL3jhaEI
        tGelEspOIUcnc+Cy+U6l0kD9/keno4GXMIGUMB8GA1UdEQQYMBaCFGFwaS5leGFt
        cGxlLmludGVybmFsMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcD
        ATAMBgNVHRMBAf8EAjAAMB0GA1UdDgQWBBRQl3pRukWrDB8K77Hyt0A+k+xa/DAf
        BgNVHSMEGDAWgBR/ixigMIkmaAMjQ/tlvH9fN50zFjAKBggqhkjOPQQDAgNHADBE
        AiAoQSg+kn61uXvgKugIk1EkzoCwRLvtU/S0XW4YLK3O4AIgLsGbtya1bGhUiqls
        +icO6gz7oei704+nEbS/O0gAKds=
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJyVXOVlYKRenW6F0
        xY5Wf/RBP1jprOVar0VtvAz8N42hRANCAATuxu4bpZaRFPA7Pr5sGz+LRW5MLD3D
        +dc8R/TWsmJXoVOoaKvMuL3jhaEItGelEspOIUcnc+Cy+U6l0kD9/ken
        -----END PRIVATE KEY-----
        """
}
