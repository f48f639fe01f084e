import PosternModel
package import PosternPolicy

/// Policy documents on disk, JSON or (`*.yaml`, `*.yml`) YAML.
package enum PolicyFile {
    /// - Parameter position: where the path is named, for the message that it cannot be read.
    /// - Throws: that, or what is wrong with the document.
    package static func read(
        _ path: String, namedAt position: SourcePosition? = nil
    ) throws(Diagnostics) -> DocumentNode {
        let bytes: [UInt8]
        do {
            bytes = try ConfigurationFile.read(path)
        } catch {
            let problem = Diagnostic(
                at: position ?? SourcePosition(file: path, line: 1, column: 1),
                "cannot read the policy `\(path.abbreviated)`: \(error.reason)",
                hint: position == nil ? nil : "the path is relative to this file")
            throw Diagnostics([problem])
        }
        let isYAML = path.hasSuffix(".yaml") || path.hasSuffix(".yml")
        return isYAML ? try YAMLReader.read(bytes, file: path) : try JSONReader.read(bytes, file: path)
    }

    /// A policy's document: the file's own, or, of an API's file, what it holds or names under `policy`.
    ///
    /// - Throws: that there is none, and as ``read(_:namedAt:)``.
    package static func policy(
        _ path: String, namedAt position: SourcePosition? = nil
    ) throws(Diagnostics) -> DocumentNode {
        let document = try read(path, namedAt: position)
        guard document.isAPI else { return document }
        guard case .object(let members) = document.value, let policy = members.first(where: { $0.key == "policy" })
        else {
            throw Diagnostics([
                Diagnostic(at: document.position, "the API has no policy", hint: "every request to it is refused")
            ])
        }
        guard case .string(let name) = policy.value.value else { return policy.value }
        return try read(ConfigurationFile.path(name, besides: path), namedAt: policy.value.position)
    }

    /// Whether a file is an API's rather than a policy's.
    package static func isAPI(_ path: String) -> Bool { (try? read(path).isAPI) ?? false }

    /// Reads again what a policy was compiled from: a file of its own, or a part of a configuration file. Compiled policies
    /// keep no text.
    ///
    /// - Returns: nil if the file no longer says what was compiled.
    package static func document(of policy: Policy) throws(Diagnostics) -> DocumentNode? {
        let document = try read(policy.statements[0].position.file)
        return document.firstPolicy { Policy.fingerprint(of: $0, policy.scope) == policy.fingerprint }
    }
}

extension DocumentNode {
    /// Whether it declares an API.
    var isAPI: Bool {
        guard case .object(let members) = value else { return false }
        return members.contains { $0.key == "routes" }
    }

    /// Itself, or the first within that is a policy and passes.
    fileprivate func firstPolicy(where passes: (DocumentNode) -> Bool) -> DocumentNode? {
        let parts: [DocumentNode]
        switch value {
        case .object(let members):
            if members.contains(where: { $0.key == "Statement" }) { return passes(self) ? self : nil }
            parts = members.map(\.value)
        case .array(let nodes): parts = nodes
        default: return nil
        }
        for part in parts {
            if let found = part.firstPolicy(where: passes) { return found }
        }
        return nil
    }
}
