import ArgumentParser
import PosternControl

struct Certs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the certificates, trusted issuers and revocation lists that the running gateway serves with.",
        discussion: """
            Exits 0 when all are good, 1 when one has expired, a revocation list is stale, or the files hold something that \
            cannot be served; 69 when no gateway answers at the admin socket.
            """)

    @OptionGroup var admin: AdminOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let report = try asking { try AdminClient(path: admin.path).certificates() }
        if json { try printJSON(report) } else { show(report) }
        if !report.isGood { throw ExitCode.failure }
    }

    private func show(_ report: CertificatesReport) {
        line(
            "generation",
            "\(report.generation), \(report.reloadsSucceeded) changes served, \(report.reloadsFailed) refused")
        for problem in report.problems { line("not served", problem) }
        for holder in report.listeners { show(holder, "listener") }
        for holder in report.upstreams { show(holder, "upstream") }
        if report.listeners.isEmpty, report.upstreams.isEmpty { print("no listener and no upstream has TLS") }
    }

    private func show(_ holder: CertificatesReport.Holder, _ kind: String) {
        var facts = ["generation \(holder.generation)"]
        if let mode = holder.clientCertificate { facts.append("client certificate \(mode)") }
        if let ocsp = holder.ocsp, ocsp != "off" { facts.append("OCSP \(ocsp)") }
        if holder.insecureSkipVerification == true { facts.append("anybody's certificate is accepted") }
        line(kind, "\(holder.name): \(facts.joined(separator: ", "))")
        for certificate in holder.certificates {
            line(
                "  certificate", "\(certificate.subject), \(days(certificate.daysLeft)), until \(certificate.notAfter)")
            if !certificate.names.isEmpty { line("", "for \(certificate.names.joined(separator: ", "))") }
            line("", "from \(certificate.source), key \(certificate.key)")
            if let staple = certificate.staple { line("", "OCSP response \(staple)") }
        }
        for anchor in holder.trust {
            let domain = anchor.trustDomain.map { " for \($0)" } ?? ""
            line("  trusts", "\(anchor.subject)\(domain), \(days(anchor.daysLeft)), from \(anchor.source)")
        }
        for list in holder.revocationLists {
            let kind = list.isDelta ? "delta list" : "list"
            let state = list.isCurrent ? "until \(list.nextUpdate)" : "STALE since \(list.nextUpdate)"
            line(
                "  revocation",
                "\(kind) of \(list.issuer), \(list.revoked) revoked, \(list.ageHours) h old, \(state), from \(list.source)"
            )
        }
    }

    private func line(_ name: String, _ value: String) { print(name.padded(to: 15) + value) }

    private func days(_ left: Int) -> String { left < 0 ? "EXPIRED" : counted(left, "day") + " left" }
}

extension CertificatesReport {
    /// Nothing has expired, no list is stale, and what the files hold is what is served.
    fileprivate var isGood: Bool {
        problems.isEmpty
            && (listeners + upstreams).allSatisfy { holder in
                holder.certificates.allSatisfy { $0.daysLeft >= 0 } && holder.trust.allSatisfy { $0.daysLeft >= 0 }
                    && holder.revocationLists.allSatisfy(\.isCurrent)
            }
    }
}
