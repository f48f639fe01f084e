package import PosternTLS
import Synchronization

/// Knows what OCSP responders say of certificates, and asks them where it does not know yet. Nobody waits for it: answers
/// come to a closure, questions about one certificate are put once however many handshakes need them.
///
/// Responders are asked only about certificates of chains that have been verified already, so that nobody who is not
/// trusted can make the gateway call an address of their choice.
package final class RevocationService: Sendable {
    package struct Counts: Sendable, Equatable {
        package var remembered = 0
        package var good = 0
        package var revoked = 0
        package var unknown = 0
        package var unavailable = 0
    }

    private struct State {
        var cache = StatusCache()
        var asking: [StatusCache.Key: [@Sendable (CertificateStatus) -> Void]] = [:]
        var counts = Counts()
    }

    private let client: ResponderClient
    private let now: @Sendable () -> Int
    private let state = Mutex(State())

    package init(client: ResponderClient, now: @escaping @Sendable () -> Int = TLSMaterialLoader.wallSeconds) {
        self.client = client
        self.now = now
    }

    package var counts: Counts { state.withLock { $0.counts } }

    /// The verifier that also asks responders; `base` itself where none is to be asked.
    package func verifier(over base: CertificateVerifier, _ settings: OCSPConfiguration) -> any PeerVerifier {
        settings.mode == .off ? base : OCSPVerifier(base: base, settings: settings, service: self)
    }

    /// What is known now; nil where nothing is.
    func remembered(_ question: StatusQuestion) -> CertificateStatus? {
        let now = now()
        return state.withLock { state in
            let status = state.cache.status(of: question.key, at: now)
            if status != nil { state.counts.remembered += 1 }
            return status
        }
    }

    /// - Parameter completion: called once, on any thread, perhaps before this returns.
    func ask(
        _ question: StatusQuestion, _ settings: OCSPConfiguration,
        completion: @escaping @Sendable (CertificateStatus) -> Void
    ) {
        let now = now()
        let isFirst = state.withLock { state -> Bool? in
            if state.cache.status(of: question.key, at: now) != nil { return nil }
            let isFirst = state.asking[question.key] == nil
            state.asking[question.key, default: []].append(completion)
            return isFirst
        }
        switch isFirst {
        case nil: completion(remembered(question) ?? .unavailable("the answer has just become stale"))
        case false?: break
        case true?: put(question, settings)
        }
    }

    private func put(_ question: StatusQuestion, _ settings: OCSPConfiguration) {
        guard let responder = settings.responder ?? question.responders.first else {
            return settle(question, .unavailable("`\(question.certificate.name)` names no responder"), until: nil)
        }
        let request = question.request
        client.ask(responder, request.der, within: settings.timeoutMilliseconds) { answer in
            switch answer {
            case .failure(let failure): self.settle(question, .unavailable(failure.description), until: nil)
            case .success(let bytes):
                let (status, until) = question.read(bytes, to: request, from: responder, at: self.now())
                self.settle(question, status, until: until)
            }
        }
    }

    private func settle(_ question: StatusQuestion, _ status: CertificateStatus, until: Int?) {
        let now = now()
        let waiting = state.withLock { state in
            state.cache.remember(status, until: until, of: question.key, at: now)
            state.counts.count(status)
            return state.asking.removeValue(forKey: question.key) ?? []
        }
        for completion in waiting { completion(status) }
    }
}

extension RevocationService.Counts {
    fileprivate mutating func count(_ status: CertificateStatus) {
        switch status {
        case .good: good += 1
        case .revoked: revoked += 1
        case .unknown: unknown += 1
        case .unavailable: unavailable += 1
        }
    }
}
