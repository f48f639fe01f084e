package import NIOCore
import PosternTLS
import Synchronization

/// Fetches OCSP responses for our own certificates and renews them before they expire. The last good one is shown until it
/// does; what a handshake shows is never waited for.
package final class StapleKeeper: Sendable {
    /// How one certificate's staple is.
    package enum State: Sendable, Equatable {
        case waiting
        /// Good until this second since 1970.
        case stapled(until: Int)
        /// Nothing is shown, and why.
        case missing(String)
        /// The last one is shown until then, though its renewal fails.
        case stale(until: Int, String)
    }

    private struct Entry {
        let credential: TLSCredential
        var state = State.waiting
        var failures = 0
        var scheduled: Scheduled<Void>?
    }

    private struct Shared {
        var entries: [Fingerprint: Entry] = [:]
        var isStopped = false
    }

    private let client: ResponderClient
    private let eventLoop: any EventLoop
    private let now: @Sendable () -> Int
    private let shared = Mutex(Shared())

    static let shortestPause = 30
    static let longestPause = 3_600
    private static let timeoutMilliseconds = 10_000

    package init(
        client: ResponderClient, on eventLoop: any EventLoop,
        now: @escaping @Sendable () -> Int = TLSMaterialLoader.wallSeconds
    ) {
        self.client = client
        self.eventLoop = eventLoop
        self.now = now
    }

    /// Staples exactly the certificates of this set whose listeners ask for it.
    package func keep(_ materials: TLSMaterials) {
        let wanted = materials.listeners.values.filter { $0.declared.stapling.mode == .auto }.flatMap { listener in
            listener.credentials.map { ($0.credential, listener.declared.stapling.responder) }
        }
        var fresh: [(TLSCredential, ResponderURL?)] = []
        shared.withLock { shared in
            guard !shared.isStopped else { return }
            let keys = Set(wanted.map { $0.0.certificate.fingerprint })
            for (key, entry) in shared.entries where !keys.contains(key) {
                entry.scheduled?.cancel()
                shared.entries[key] = nil
            }
            for (credential, responder) in wanted {
                let key = credential.certificate.fingerprint
                if let entry = shared.entries[key] {
                    if entry.credential === credential { continue }
                    // The same certificate read again: its response is as good as before.
                    credential.staple = entry.credential.staple
                    entry.scheduled?.cancel()
                }
                shared.entries[key] = Entry(credential: credential)
                fresh.append((credential, responder))
            }
        }
        for (credential, responder) in fresh { fetch(credential, responder) }
    }

    package func stop() {
        shared.withLock { shared in
            shared.isStopped = true
            for entry in shared.entries.values { entry.scheduled?.cancel() }
            shared.entries = [:]
        }
    }

    /// By fingerprint of the certificate.
    package var states: [String: State] {
        shared.withLock { shared in
            Dictionary(uniqueKeysWithValues: shared.entries.map { ($0.key.text, $0.value.state) })
        }
    }

    private func fetch(_ credential: TLSCredential, _ responder: ResponderURL?) {
        guard let issuer = credential.chain.first else {
            let reason = "the issuer's certificate does not stand behind it in its file"
            shared.withLock { $0.entries[credential.certificate.fingerprint]?.state = .missing(reason) }
            return
        }
        let question = StatusQuestion(certificate: credential.certificate, issuer: issuer)
        let request = question.request
        guard let url = responder ?? question.responders.first else {
            shared.withLock {
                $0.entries[credential.certificate.fingerprint]?.state = .missing("the certificate names no responder")
            }
            return
        }
        client.ask(url, request.der, within: Self.timeoutMilliseconds) { answer in
            let now = self.now()
            switch answer {
            case .failure(let failure): self.failed(credential, responder, failure.description, at: now)
            case .success(let bytes):
                switch question.read(bytes, to: request, from: url, at: now) {
                case (.good, let until):
                    self.stapled(credential, responder, bytes, until: until ?? now + Self.longestPause, at: now)
                case (.revoked(let detail), _): self.failed(credential, responder, "it was revoked\(detail)", at: now)
                case (.unknown, _): self.failed(credential, responder, "`\(url)` does not know it", at: now)
                case (.unavailable(let reason), _): self.failed(credential, responder, reason, at: now)
                }
            }
        }
    }

    private func stapled(
        _ credential: TLSCredential, _ responder: ResponderURL?, _ response: [UInt8], until: Int, at now: Int
    ) {
        update(credential) { entry in
            entry.failures = 0
            entry.state = .stapled(until: until)
            credential.staple = response
            // Half of what is left, give or take a tenth: many gateways must not ask at one moment.
            let half = max(Self.shortestPause, (until - now) / 2)
            let pause = Int.random(in: half * 9 / 10...half * 11 / 10)
            return self.schedule(credential, responder, after: pause)
        }
    }

    private func failed(_ credential: TLSCredential, _ responder: ResponderURL?, _ reason: String, at now: Int) {
        update(credential) { entry in
            entry.failures += 1
            let until: Int? =
                switch entry.state {
                case .stapled(let until), .stale(let until, _): until
                case .waiting, .missing: nil
                }
            if let until, until > now {
                entry.state = .stale(until: until, reason)
            } else {
                entry.state = .missing(reason)
                credential.staple = nil
            }
            var pause = min(Self.longestPause, Self.shortestPause << min(entry.failures - 1, 7))
            // A response must not be shown a moment longer than it is good.
            if let until, until > now { pause = min(pause, until - now) }
            return self.schedule(credential, responder, after: pause)
        }
    }

    private func update(_ credential: TLSCredential, _ change: (inout Entry) -> Scheduled<Void>) {
        shared.withLock { shared in
            let key = credential.certificate.fingerprint
            guard !shared.isStopped, var entry = shared.entries[key], entry.credential === credential else { return }
            entry.scheduled = change(&entry)
            shared.entries[key] = entry
        }
    }

    private func schedule(_ credential: TLSCredential, _ responder: ResponderURL?, after seconds: Int) -> Scheduled<
        Void
    > {
        eventLoop.scheduleTask(in: .seconds(Int64(seconds))) { [weak self] in self?.fetch(credential, responder) }
    }
}
