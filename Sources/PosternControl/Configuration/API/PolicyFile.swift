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

    /// Reads again what a policy was compiled from: its file, or the policy in the file of its API. Compiled policies
    /// keep no text. If the file has changed since, the statements may stand elsewhere.
    package static func document(of policy: Policy) throws(Diagnostics) -> DocumentNode {
        let document = try read(policy.statements[0].position.file)
        guard case .object(let members) = document.value,
            !members.contains(where: { $0.key == "Statement" }),
            let inside = members.first(where: { $0.key == "policy" })
        else { return document }
        return inside.value
    }
}
