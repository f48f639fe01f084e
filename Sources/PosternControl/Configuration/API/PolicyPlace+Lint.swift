import PosternModel
package import PosternPolicy

extension PolicyPlace {
    /// Looks through every policy of a configuration, wherever it stands.
    ///
    /// - Parameter path: `postern.yaml`, or the directory that holds it.
    /// - Returns: what is found in a file that several name, once.
    /// - Throws: every problem of the configuration.
    package static func lint(configuration path: String) throws(Diagnostics) -> [LintFinding] {
        let loaded = try ConfigurationLoader.load(path: path)
        var findings: [LintFinding] = []
        for planned in loaded.plan.policies {
            let policy = planned.policy
            // The file was read a moment ago: if it says something else now, there will be another run.
            guard let document = try PolicyFile.document(of: policy) else { continue }
            let api = planned.kind == .api ? loaded.apis.first { $0.id == planned.owner } : nil
            let routes = api.flatMap { PolicyPlace($0).routes }
            let found = try PolicyLint.findings(in: document, for: policy.scope, routes: routes)
            findings += found.filter { !findings.contains($0) }
        }
        return findings
    }
}
