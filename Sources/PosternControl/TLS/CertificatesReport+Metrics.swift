package import PosternTelemetry

extension CertificatesReport {
    /// The same as samples, those of one metric together.
    package var samples: [MetricSample] {
        let holders = listeners.map { ("listener", $0) } + upstreams.map { ("upstream", $0) }
        var expiry: [MetricSample] = []
        var staples: [MetricSample] = []
        var trust: [MetricSample] = []
        var lists: [MetricSample] = []
        for (role, holder) in holders {
            let labels = [(name: "role", value: role), (name: "name", value: holder.name)]
            for certificate in holder.certificates {
                let own = labels + [("source", certificate.source)]
                expiry.append(
                    .init(MetricNames.tlsCertificateExpiry, Double(certificate.expiresAtEpochSecond), labels: own))
                if certificate.staple != nil {
                    let until = Double(certificate.stapleExpiresAtEpochSecond ?? 0)
                    staples.append(.init(MetricNames.tlsStapleExpiry, until, labels: own))
                }
            }
            for anchor in holder.trust {
                let own = labels + [("source", anchor.source), ("subject", anchor.subject)]
                trust.append(.init(MetricNames.tlsTrustExpiry, Double(anchor.expiresAtEpochSecond), labels: own))
            }
            for list in holder.revocationLists {
                let kind = list.isDelta ? "delta" : "base"
                let own = labels + [("source", list.source), ("issuer", list.issuer), ("kind", kind)]
                lists.append(
                    .init(MetricNames.tlsRevocationListNextUpdate, Double(list.nextUpdateEpochSecond), labels: own))
            }
        }
        return expiry + trust + lists + staples + [
            .init(MetricNames.tlsMaterialGeneration, Double(generation)),
            .init(MetricNames.tlsMaterialReloads, Double(reloadsSucceeded), labels: [("result", "success")]),
            .init(MetricNames.tlsMaterialReloads, Double(reloadsFailed), labels: [("result", "failure")]),
            .init(MetricNames.tlsMaterialStale, problems.isEmpty ? 0 : 1),
        ]
    }
}

extension RevocationService {
    package var samples: [MetricSample] {
        let counts = counts
        return [
            ("remembered", counts.remembered), ("good", counts.good), ("revoked", counts.revoked),
            ("unknown", counts.unknown), ("unavailable", counts.unavailable),
        ].map { status, count in
            MetricSample(MetricNames.ocspStatuses, Double(count), labels: [("status", status)])
        }
    }
}
