package import PosternPolicy

/// What `postern status` tells of certificates: how many there are, which ends next, and what is wrong; `postern certs` tells the rest.
package struct CertificatesSummary: Codable, Sendable, Equatable {
    package struct End: Codable, Sendable, Equatable {
        /// The listener or upstream.
        package var holder: String
        /// `certificate`, `trust` or `revocationList`.
        package var kind: String
        package var subject: String
        /// RFC 3339.
        package var endsAt: String
        /// Whole days; negative after the end.
        package var daysLeft: Int
    }

    /// Of listeners and upstreams.
    package var certificates: Int
    package var trusted: Int
    package var revocationLists: Int
    /// What ends next and has not ended; nil: nothing.
    package var next: End?
    package var expired: [End]
    /// Why what the files hold now is not served.
    package var problems: [String]

    /// - Returns: nil where no listener and no upstream has TLS.
    package init?(_ report: CertificatesReport) {
        let holders = report.listeners + report.upstreams
        guard !holders.isEmpty || !report.problems.isEmpty else { return nil }
        certificates = holders.reduce(0) { $0 + $1.certificates.count }
        trusted = holders.reduce(0) { $0 + $1.trust.count }
        revocationLists = holders.reduce(0) { $0 + $1.revocationLists.count }
        let ends = holders.flatMap(Self.ends)
        expired = ends.filter(\.hasEnded).map(\.end)
        next = ends.filter { !$0.hasEnded }.min { $0.second < $1.second }?.end
        problems = report.problems
    }

    /// Of what the files hold now, read without a gateway.
    package static func ofFiles(
        _ configuration: LoadedConfiguration, environment: MaterialEnvironment
    ) throws(Diagnostics) -> CertificatesSummary? {
        let materials = try TLSMaterialLoader.load(configuration, environment: environment)
        return CertificatesSummary(
            CertificatesReport(materials, .init(), staples: [:], now: Clock.wallSeconds))
    }

    private typealias Dated = (second: Int, hasEnded: Bool, end: End)

    private static func ends(of holder: CertificatesReport.Holder) -> [Dated] {
        func dated(_ kind: String, _ subject: String, _ endsAt: String, _ second: Int, _ days: Int, _ ended: Bool)
            -> Dated
        {
            (second, ended, End(holder: holder.name, kind: kind, subject: subject, endsAt: endsAt, daysLeft: days))
        }
        return holder.certificates.map {
            dated("certificate", $0.subject, $0.notAfter, $0.expiresAtEpochSecond, $0.daysLeft, $0.daysLeft < 0)
        }
            + holder.trust.map {
                dated("trust", $0.subject, $0.notAfter, $0.expiresAtEpochSecond, $0.daysLeft, $0.daysLeft < 0)
            }
            + holder.revocationLists.map { list in
                let days = Days.left(until: list.nextUpdateEpochSecond, now: Clock.wallSeconds)
                return dated(
                    "revocationList", list.issuer, list.nextUpdate, list.nextUpdateEpochSecond, days, !list.isCurrent)
            }
    }
}
