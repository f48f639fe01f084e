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
        /// One certificate as several listeners have it, each read for itself; at least one.
        var credentials: [TLSCredential]
        var responder: ResponderURL?
        var state = State.waiting
        var failures = 0
        var scheduled: Scheduled<Void>?

        func staple(_ response: [UInt8]?) {
            for credential in credentials { credential.staple = response }
        }
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

    /// Staples exactly the certificates of this set whose listeners ask for it. A certificate that was stapled already shows
    /// its response at once, and is asked about again.
    package func keep(_ materials: TLSMaterials) {
        var wanted: [Fingerprint: Entry] = [:]
        for listener in materials.listeners.values where listener.declared.stapling.mode == .auto {
            for loaded in listener.credentials {
                let key = loaded.certificate.fingerprint
                wanted[key, default: Entry(credentials: [], responder: listener.declared.stapling.responder)]
                    .credentials.append(loaded.credential)
            }
        }
        let fresh = shared.withLock { shared -> [Fingerprint] in
            guard !shared.isStopped else { return [] }
            for (key, entry) in shared.entries where wanted[key] == nil {
                entry.scheduled?.cancel()
                shared.entries[key] = nil
            }
            var fresh: [Fingerprint] = []
            for (key, var entry) in wanted {
                if let known = shared.entries[key] {
                    let isKept = entry.credentials.allSatisfy { one in known.credentials.contains { $0 === one } }
                    if isKept, known.responder == entry.responder, known.credentials.count == entry.credentials.count {
                        continue
                    }
                    known.scheduled?.cancel()
                    entry.state = known.state
                    entry.staple(known.credentials[0].staple)
                }
                shared.entries[key] = entry
                fresh.append(key)
            }
            return fresh
        }
        for key in fresh { fetch(key) }
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

    private func fetch(_ key: Fingerprint) {
        guard let entry = shared.withLock({ $0.entries[key] }) else { return }
        let credential = entry.credentials[0]
        guard let issuer = credential.chain.first else {
            return giveUp(key, "the issuer's certificate does not stand behind it in its file")
        }
        let question = StatusQuestion(certificate: credential.certificate, issuer: issuer)
        guard let url = entry.responder ?? question.responders.first else {
            return giveUp(key, "the certificate names no responder")
        }
        let request = question.request
        client.ask(url, request.der, within: Self.timeoutMilliseconds) { answer in
            let now = self.now()
            switch answer {
            case .failure(let failure): self.failed(key, failure.description, at: now)
            case .success(let bytes):
                switch question.read(bytes, to: request, from: url, at: now) {
                case (.good, let until): self.stapled(key, bytes, until: until ?? now + Self.longestPause, at: now)
                case (.revoked(let detail), _): self.failed(key, "it was revoked\(detail)", isRevoked: true, at: now)
                case (.unknown, _): self.failed(key, "`\(url)` does not know it", at: now)
                case (.unavailable(let reason), _): self.failed(key, reason, at: now)
                }
            }
        }
    }

    /// Nobody will ever answer, until the configuration or the file changes.
    private func giveUp(_ key: Fingerprint, _ reason: String) {
        shared.withLock { $0.entries[key]?.state = .missing(reason) }
    }

    private func stapled(_ key: Fingerprint, _ response: [UInt8], until: Int, at now: Int) {
        // Half of what is left, give or take a tenth: many gateways must not ask at one moment.
        let half = max(Self.shortestPause, (until - now) / 2)
        update(key, pause: Int.random(in: half * 9 / 10...half * 11 / 10)) { entry in
            entry.failures = 0
            entry.state = .stapled(until: until)
            entry.staple(response)
        }
    }

    /// - Parameter isRevoked: an older response that says otherwise is no longer shown.
    private func failed(_ key: Fingerprint, _ reason: String, isRevoked: Bool = false, at now: Int) {
        let before = shared.withLock { $0.entries[key] }
        var until: Int?
        switch before?.state {
        case .stapled(let end)?, .stale(let end, _)?: until = end > now && !isRevoked ? end : nil
        case .waiting?, .missing?, nil: break
        }
        var pause = min(Self.longestPause, Self.shortestPause << min(before?.failures ?? 0, 7))
        // A response must not be shown a moment longer than it is good.
        if let until { pause = min(pause, until - now) }
        update(key, pause: pause) { entry in
            entry.failures += 1
            if let until {
                entry.state = .stale(until: until, reason)
            } else {
                entry.state = .missing(reason)
                entry.staple(nil)
            }
        }
    }

    private func update(_ key: Fingerprint, pause seconds: Int, _ change: (inout Entry) -> Void) {
        shared.withLock { shared in
            guard !shared.isStopped, var entry = shared.entries[key] else { return }
            change(&entry)
            // Two answers may come for one certificate, when it was read anew meanwhile; one of them goes on asking.
            entry.scheduled?.cancel()
            entry.scheduled = eventLoop.scheduleTask(in: .seconds(Int64(seconds))) { [weak self] in self?.fetch(key) }
            shared.entries[key] = entry
        }
    }
}
