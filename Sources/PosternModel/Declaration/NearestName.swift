package import PosternPolicy

extension NearestName {
    /// A hint that names the nearest known name or, failing that, the known ones: "did you mean `port`?".
    ///
    /// - parameter kind: what the names are, in the plural: "keys of a listener".
    package static func hint(for name: String, among known: [String], called kind: String) -> String {
        if let nearest = of(name, among: known) { return "did you mean `\(nearest)`?" }
        if known.isEmpty { return "there are no \(kind)" }
        let listed = known.prefix(20).map { "`\($0)`" }.joined(separator: ", ")
        return "\(kind): \(listed)\(known.count > 20 ? " …" : "")"
    }
}
