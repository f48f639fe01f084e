import PosternTLS
import Synchronization

/// Lets callers in whose chains were verified and whose certificates no responder calls revoked. A handshake whose answers
/// are not known yet rests until they are.
final class OCSPVerifier: PeerVerifier {
    private let base: CertificateVerifier
    private let settings: OCSPConfiguration
    private let service: RevocationService

    init(base: CertificateVerifier, settings: OCSPConfiguration, service: RevocationService) {
        self.base = base
        self.settings = settings
        self.service = service
    }

    var mayDefer: Bool { true }

    func verify(_ peer: PresentedPeer, later: DeferredVerdict) -> PeerVerdict {
        let verified: VerifiedPeer
        do throws(PeerRefusal) {
            verified = try base.decide(peer)
        } catch {
            return .refused(error)
        }
        let questions = questions(about: verified)
        var open: [StatusQuestion] = []
        for question in questions {
            switch service.remembered(question) {
            case nil: open.append(question)
            case let status?: if let refusal = refusal(status, question) { return .refused(refusal) }
            }
        }
        guard !open.isEmpty else { return .accepted(verified) }
        ask(open, about: verified, later)
        return .deferred
    }

    /// Resumes only on what is still known, so that a revocation ends the sessions of the revoked.
    func resume(leaf: Certificate, data: [UInt8]) -> VerifiedPeer? {
        guard let verified = base.resume(leaf: leaf, data: data) else { return nil }
        let isAdmitted = questions(about: verified).allSatisfy { question in
            service.remembered(question).map { refusal($0, question) == nil } ?? false
        }
        return isAdmitted ? verified : nil
    }

    private func questions(about peer: VerifiedPeer) -> [StatusQuestion] {
        let pairs = zip(peer.chain, peer.chain.dropFirst()).map { StatusQuestion(certificate: $0, issuer: $1) }
        return settings.scope == .leaf ? Array(pairs.prefix(1)) : pairs
    }

    private func ask(_ questions: [StatusQuestion], about peer: VerifiedPeer, _ later: DeferredVerdict) {
        let missing = Mutex(questions.count)
        let shared = Shared(missing)
        for question in questions {
            service.ask(question, settings) { status in
                // The first refusal decides; an acceptance needs all.
                if let refusal = self.refusal(status, question) { return later.resolve(.refused(refusal)) }
                if shared.countDown() { later.resolve(.accepted(peer)) }
            }
        }
    }

    /// How many questions have no good answer yet.
    private final class Shared: Sendable {
        private let missing: Mutex<Int>

        init(_ missing: consuming Mutex<Int>) { self.missing = missing }

        /// True for the last one.
        func countDown() -> Bool {
            missing.withLock { missing in
                missing -= 1
                return missing == 0
            }
        }
    }

    private func refusal(_ status: CertificateStatus, _ question: StatusQuestion) -> PeerRefusal? {
        let name = "`\(question.certificate.name)`"
        switch (status, settings.mode) {
        case (.good, _), (.unknown, .soft), (.unavailable, .soft), (_, .off): return nil
        case (.revoked(let detail), _):
            return PeerRefusal(alert: .certificateRevoked, reason: "\(name) was revoked\(detail)")
        case (.unknown, .hard):
            return PeerRefusal(alert: .certificateUnknown, reason: "the responder does not know \(name)")
        case (.unavailable(let reason), .hard):
            return PeerRefusal(
                alert: .certificateUnknown, reason: "nobody tells whether \(name) was revoked: \(reason)")
        }
    }
}
