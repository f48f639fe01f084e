import PosternModel
import PosternPolicy
import PosternTLS

/// Reads whom to trust, and tells each problem at the place of the configuration that names the file.
struct TrustLoader {
    let environment: MaterialEnvironment
    let generation: Int
    let report: ProblemReport

    func load(_ client: ClientCertificateConfiguration) -> TrustStore? {
        let bundles = client.trustDomains.map { domain in
            TrustSources.Bundle(trustDomain: domain.name, paths: paths(domain.bundle))
        }
        let lists = client.revocationLists.mode == .off ? [] : client.revocationLists.files
        let sources = TrustSources(anchors: paths(client.trust), revocationLists: paths(lists), bundles: bundles)
        return load(sources, named: client.trust + client.trustDomains.flatMap(\.bundle) + lists)
    }

    /// - Parameter position: of what has no `trust` of its own, for problems of the system's store.
    func load(_ profile: UpstreamTLSProfile, at position: SourcePosition) -> TrustStore? {
        guard !profile.trust.isEmpty else { return system(at: position) }
        let paths = paths(profile.trust)
        if case .spiffe(let id, _) = profile.expected, let domain = try? SPIFFEID(id).trustDomain {
            let bundle = TrustSources.Bundle(trustDomain: domain, paths: paths)
            return load(TrustSources(bundles: [bundle]), named: profile.trust)
        }
        return load(TrustSources(anchors: paths), named: profile.trust)
    }

    private func system(at position: SourcePosition) -> TrustStore? {
        guard let path = environment.systemTrustPath else {
            report.error(
                at: position, "the system has no trust store",
                hint: "install `ca-certificates`, or name the issuer: `tls: {trust: [tls/services.pem]}`")
            return nil
        }
        return load(TrustSources(anchors: [path]), named: [MaterialSource(.path(path), at: position)])
    }

    private func paths(_ sources: [MaterialSource]) -> [String] {
        sources.compactMap { source in
            guard let path = environment.path(of: source) else {
                report.error(at: source.position, "`\(source)` cannot be read: the process has no credentials")
                return nil
            }
            return path
        }
    }

    private func load(_ sources: TrustSources, named: [MaterialSource]) -> TrustStore? {
        do throws(TrustProblems) {
            return try TrustStore.load(sources, generation: UInt64(generation))
        } catch {
            for problem in error.problems {
                let source = named.first { source in
                    guard let path = environment.path(of: source) else { return false }
                    return problem.path == path || problem.path.hasPrefix(path.hasSuffix("/") ? path : path + "/")
                }
                report.error(
                    at: (source ?? named[0]).position, problem.description, hint: SandboxHint.unreadable(problem.path))
            }
            return nil
        }
    }
}
