/// What a set of paths holds at one moment. Two are equal when the same names have the same content, whatever was done to
/// the files in between.
struct MaterialSnapshot: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        /// A digest of the bytes, good within this process.
        case file(digest: Int)
        case directory
        /// Neither file nor directory.
        case other
        /// `errno`.
        case unreadable(CInt)
    }

    /// Each path asked for, and for a directory each file in it as `directory/name`.
    var contents: [String: Content] = [:]

    /// What was asked for: everything that was not found in a directory.
    var roots: [String] {
        contents.keys.filter { path in
            guard let slash = path.lastIndex(of: "/") else { return true }
            return contents[String(path[..<slash])] != .directory
        }.sorted()
    }

    /// The part that one listener or upstream is read from.
    func restricted(to paths: [String]) -> MaterialSnapshot {
        MaterialSnapshot(
            contents: contents.filter { entry in
                paths.contains { entry.key == $0 || entry.key.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }
            })
    }
}
