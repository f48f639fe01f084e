import PosternModel
import PosternPolicy

extension MappingReader {
    /// The policy at `policy`: a document, or the path of a file that holds one. nil, with the problem reported, when it
    /// cannot be used.
    func policy(_ scope: PolicyScope) -> Policy? {
        guard let node = node("policy") else { return nil }
        let document: DocumentNode
        switch node.value {
        case .object: document = node
        case .string(let path):
            guard let read = policyDocument(path, at: node.position) else { return nil }
            document = read
        default:
            node.mismatch("policy", "a file or a policy document", report)
            return nil
        }
        do throws(Diagnostics) {
            return try Policy.compile(document, for: scope)
        } catch {
            report.add(error.all)
            return nil
        }
    }

    private func policyDocument(_ name: String, at position: SourcePosition) -> DocumentNode? {
        let path = ConfigurationFile.path(name, besides: position.file)
        do throws(Diagnostics) {
            return try PolicyFile.read(path, namedAt: position)
        } catch {
            report.add(error.all)
            return nil
        }
    }
}
