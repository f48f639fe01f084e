import PosternTLS

/// What a responder said of one certificate.
enum CertificateStatus: Sendable, Equatable {
    case good
    /// - Parameter text: when and why, for the operator.
    case revoked(String)
    /// The responder does not know the certificate.
    case unknown
    /// Nobody said anything that counts.
    case unavailable(String)
}

/// Answers of responders for as long as they are valid. Bounded; when it is full, what is valid the shortest time goes.
struct StatusCache {
    struct Key: Hashable, Sendable {
        let certificate: Fingerprint
        let issuer: Fingerprint
    }

    /// Seconds. A responder that signs for weeks is asked again within the hour, so that a revocation is heard of; one that
    /// gives no time at all is not asked at each handshake.
    static let longest = 3_600
    static let shortest = 10
    /// After a failure, until the responder is tried again.
    static let afterFailure = 5

    private var entries: [Key: (status: CertificateStatus, until: Int)] = [:]
    private let capacity: Int

    init(capacity: Int = 10_000) { self.capacity = capacity }

    var count: Int { entries.count }

    func status(of key: Key, at now: Int) -> CertificateStatus? {
        guard let entry = entries[key], now < entry.until else { return nil }
        return entry.status
    }

    /// - Parameter until: seconds since 1970 at which the answer becomes stale; nil where there is none.
    mutating func remember(_ status: CertificateStatus, until: Int?, of key: Key, at now: Int) {
        let lifetime =
            if case .unavailable = status {
                Self.afterFailure
            } else {
                min(max((until ?? now) - now, Self.shortest), Self.longest)
            }
        if entries.count >= capacity, entries[key] == nil { makeRoom(at: now) }
        entries[key] = (status, now + lifetime)
    }

    /// A quarter at a time, so that a full cache does not cost a pass for each answer.
    private mutating func makeRoom(at now: Int) {
        entries = entries.filter { now < $0.value.until }
        guard entries.count >= capacity else { return }
        let kept = entries.sorted { $0.value.until > $1.value.until }.prefix(capacity - max(1, capacity / 4))
        entries = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
