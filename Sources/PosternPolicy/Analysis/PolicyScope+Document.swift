extension PolicyScope {
    /// The API that documents speak of by whole ARNs; nil if they use shorthands and wildcards only.
    package init?(namedIn documents: [DocumentNode]) {
        for document in documents {
            for statement in document.statementNodes {
                let written = ["Resource", "NotResource"].flatMap { statement.member($0)?.value.elements ?? [] }
                for case .string(let text) in written.map(\.value) {
                    let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
                    guard parts.count == 6, parts[0] == "arn", parts[2] == "execute-api",
                        let id = parts[5].split(separator: "/", omittingEmptySubsequences: false).first
                    else { continue }
                    let names = [parts[1], parts[3], parts[4], id]
                    guard names.allSatisfy({ !$0.isEmpty && !$0.contains("*") && !$0.contains("?") }) else { continue }
                    self.init(
                        partition: String(parts[1]), region: String(parts[3]), account: String(parts[4]),
                        apiID: String(id))
                    return
                }
            }
        }
        return nil
    }
}
