import PosternModel
import PosternPolicy
import PosternTLS

/// Something about served material that somebody should see to before it fails.
struct MaterialNotice {
    /// Notices with one key are told once.
    let key: String
    let diagnostic: Diagnostic

    /// Days before the end at which a certificate is told of, once each.
    static let thresholds = [1, 7, 14, 30]
    private static let day = 86_400

    static func all(in materials: TLSMaterials, now: Int) -> [MaterialNotice] {
        let certificates = materials.credentials.flatMap { _, loaded in
            ([loaded.certificate] + loaded.credential.chain).compactMap { expiry(of: $0, in: loaded.source, now: now) }
        }
        let listeners = materials.listeners.values.flatMap { listener in
            trust(listener.trust, named: listener.declared.clientCertificate.sources, now: now)
        }
        let upstreams = materials.upstreams.values.flatMap { trust($0.trust, named: $0.profile.trust, now: now) }
        var seen: Set<String> = []
        return (certificates + listeners + upstreams).filter { seen.insert($0.key).inserted }
    }

    private static func expiry(of certificate: Certificate, in source: KeyPairSource, now: Int) -> MaterialNotice? {
        let left = certificate.notAfter - now
        guard let threshold = thresholds.first(where: { left <= $0 * day }) else { return nil }
        let place = "`\(certificate.name)` in `\(source.certificate)`"
        let until = TimeText.text(certificate.notAfter)
        let message =
            left < 0
            ? "\(place) expired at \(until)"
            : "\(place) expires in \(left / day) days, at \(until)"
        return MaterialNotice(
            key: "\(certificate.fingerprint.text) \(left < 0 ? 0 : threshold)",
            diagnostic: Diagnostic(.warning, at: source.certificate.position, message))
    }

    /// Anchors and lists that do not count at this time.
    private static func trust(_ store: TrustStore?, named: [MaterialSource], now: Int) -> [MaterialNotice] {
        guard let store, let first = named.first else { return [] }
        return store.warnings(at: now).map {
            MaterialNotice(key: $0, diagnostic: Diagnostic(.warning, at: first.position, $0))
        }
    }
}

extension ClientCertificateConfiguration {
    var sources: [MaterialSource] { trust + trustDomains.flatMap(\.bundle) + revocationLists.files }
}
