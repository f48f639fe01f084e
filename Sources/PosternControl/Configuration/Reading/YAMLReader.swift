package import PosternPolicy

/// Reads YAML into a document whose every value knows its place.
///
/// Built on the event stream of libyaml (as Yams carries it) rather than on Yams' composer, which stops at the first
/// key that stands twice, and hashes keys in full, so that a few nested aliases in a key keep it busy for ever. Scalars
/// follow the YAML 1.2 core schema: only `true` and `false` are booleans, `0660` and `1:30` are text.
///
/// Bounds: ``maximumDepth`` levels, ``maximumNodes`` values once aliases are written out. Not read: tags but `!!str`,
/// merge keys (`<<`), keys that are not scalars, more than one document.
package enum YAMLReader {
    package static let maximumDepth = 64
    package static let maximumNodes = 200_000

    /// - throws: every key that stands twice and the like, and the first violation of the grammar, where reading stops.
    package static func read(_ bytes: [UInt8], file: String) throws(Diagnostics) -> DocumentNode {
        let lines = LineTable(bytes, file: file)
        if let problem = lines.characterProblem() { throw Diagnostics([problem]) }
        return try bytes.withUnsafeBufferPointer { buffer throws(Diagnostics) in
            let events = YAMLEvents(buffer, lines: lines)
            defer { events.free() }
            var composer = YAMLComposer(events: events)
            return try composer.document()
        }
    }
}
