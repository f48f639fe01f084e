import PosternModel
import PosternPolicy
import PosternTLS

/// Every certificate, trusted issuer and revocation list that is served, as `postern certs` shows it.
package struct CertificatesReport: Codable, Sendable, Equatable {
    package struct Certificate: Codable, Sendable, Equatable {
        /// RFC 4514.
        package var subject: String
        /// DNS names, addresses and URIs.
        package var names: [String]
        package var fingerprint: String
        /// RFC 3339.
        package var notBefore: String
        package var notAfter: String
        package var expiresAtEpochSecond: Int
        /// Whole days; negative after the end.
        package var daysLeft: Int
        /// The path that is read, or `credential:name`; a key is only named, never shown.
        package var source: String
        package var key: String
        /// `stapled until …`, or why not; nil where no staple is asked for.
        package var staple: String?
        package var stapleExpiresAtEpochSecond: Int?
    }

    package struct Trusted: Codable, Sendable, Equatable {
        package var subject: String
        package var trustDomain: String?
        package var notAfter: String
        package var expiresAtEpochSecond: Int
        package var daysLeft: Int
        package var source: String
    }

    package struct RevocationList: Codable, Sendable, Equatable {
        package var issuer: String
        package var isDelta: Bool
        package var number: String?
        package var revoked: Int
        package var thisUpdate: String
        package var nextUpdate: String
        package var nextUpdateEpochSecond: Int
        /// Whole hours since `thisUpdate`.
        package var ageHours: Int
        package var isCurrent: Bool
        package var source: String
    }

    /// A listener or an upstream.
    package struct Holder: Codable, Sendable, Equatable {
        package var name: String
        /// Of the set in which it last changed.
        package var generation: Int
        /// Of callers: `required`, `optional`, `off`. Of upstreams: nil.
        package var clientCertificate: String?
        package var ocsp: String?
        package var certificates: [Certificate]
        package var trust: [Trusted]
        package var revocationLists: [RevocationList]
        /// True: anybody's certificate is accepted.
        package var insecureSkipVerification: Bool?
    }

    package var generation: Int
    /// Those with `tls`, by endpoint id.
    package var listeners: [Holder]
    package var upstreams: [Holder]
    package var reloadsSucceeded: Int
    package var reloadsFailed: Int
    /// Why what the files hold now is not served; empty where it is.
    package var problems: [String]
}

extension CertificatesReport {
    init(_ materials: TLSMaterials, _ reloads: MaterialKeeper.Reloads, staples: [String: StapleKeeper.State], now: Int)
    {
        generation = materials.generation
        reloadsSucceeded = reloads.succeeded
        reloadsFailed = reloads.failed
        problems = reloads.problems.map(\.description)
        listeners = materials.listeners.values.sorted { $0.endpointID < $1.endpointID }.map { listener in
            Holder(
                name: listener.endpointID, generation: listener.generation,
                clientCertificate: listener.declared.clientCertificate.mode.rawValue,
                ocsp: listener.trust == nil ? nil : listener.declared.clientCertificate.ocsp.mode.rawValue,
                certificates: listener.credentials.map { Certificate($0, staples, now: now) },
                trust: Trusted.all(in: listener.trust, now: now),
                revocationLists: RevocationList.all(in: listener.trust, now: now))
        }
        upstreams = materials.sortedUpstreams.map { upstream in
            // The system's store has more than a hundred; who asks for certificates does not ask for those.
            let trust = upstream.profile.trust.isEmpty ? nil : upstream.trust
            return Holder(
                name: upstream.name, generation: upstream.generation, clientCertificate: nil, ocsp: nil,
                certificates: [upstream.credential].compactMap(\.self).map { Certificate($0, [:], now: now) },
                trust: Trusted.all(in: trust, now: now), revocationLists: [],
                insecureSkipVerification: upstream.profile.insecureSkipVerification ? true : nil)
        }
    }
}

extension CertificatesReport.Certificate {
    fileprivate init(_ loaded: LoadedCredential, _ staples: [String: StapleKeeper.State], now: Int) {
        let certificate = loaded.certificate
        let identity = try? CertificateIdentity([certificate])
        subject = certificate.name
        names = identity.map { $0.names.dns + $0.names.ip + $0.names.uri } ?? []
        fingerprint = certificate.fingerprint.text
        notBefore = TimeText.text(certificate.notBefore)
        notAfter = TimeText.text(certificate.notAfter)
        expiresAtEpochSecond = certificate.notAfter
        daysLeft = Days.left(until: certificate.notAfter, now: now)
        source = "\(loaded.source.certificate)"
        key = "\(loaded.source.key)"
        staple = staples[fingerprint]?.text
        stapleExpiresAtEpochSecond = staples[fingerprint]?.until
    }
}

extension CertificatesReport.Trusted {
    fileprivate static func all(in store: TrustStore?, now: Int) -> [Self] {
        (store?.entries ?? []).filter { $0.kind == .anchor }.map { entry in
            Self(
                subject: entry.name, trustDomain: entry.trustDomain, notAfter: TimeText.text(entry.until),
                expiresAtEpochSecond: entry.until, daysLeft: Days.left(until: entry.until, now: now),
                source: entry.source.path)
        }
    }
}

extension CertificatesReport.RevocationList {
    fileprivate static func all(in store: TrustStore?, now: Int) -> [Self] {
        (store?.entries ?? []).filter { $0.kind != .anchor }.map { entry in
            Self(
                issuer: entry.name, isDelta: entry.kind == .deltaList, number: entry.mark, revoked: entry.revoked ?? 0,
                thisUpdate: TimeText.text(entry.from), nextUpdate: TimeText.text(entry.until),
                nextUpdateEpochSecond: entry.until, ageHours: (now - entry.from) / 3600,
                isCurrent: now >= entry.from && now < entry.until, source: entry.source.path)
        }
    }
}

extension StapleKeeper.State {
    fileprivate var until: Int? {
        switch self {
        case .stapled(let until), .stale(let until, _): until
        case .waiting, .missing: nil
        }
    }

    fileprivate var text: String {
        switch self {
        case .waiting: "asked for"
        case .stapled(let until): "good until \(TimeText.text(until))"
        case .missing(let reason): "none: \(reason)"
        case .stale(let until, let reason): "good until \(TimeText.text(until)), not renewed: \(reason)"
        }
    }
}

enum Days {
    /// Whole days, rounded down: -1 from the first second after the end.
    static func left(until end: Int, now: Int) -> Int {
        Int((Double(end - now) / 86_400).rounded(.down))
    }
}
