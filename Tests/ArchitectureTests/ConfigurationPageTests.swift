import Foundation
import Testing

/// The page of the configuration, held against what the decoders ask for.
@Suite struct ConfigurationPageTests {
    @Test func `every key that a decoder reads is on the page`() throws {
        let page = try String(
            contentsOf: Self.sources.appendingPathComponent("postern/Documentation.docc/configuration.md"),
            encoding: .utf8)
        // In code of its own, `key`, or within an example or another key's value, `{certificate, key}`.
        let words = Set(page.split { !$0.isLetter && !$0.isNumber }.map(String.init))
        let keys = try Self.keys()
        // The decoders are found, and the expression finds all ways in which they ask.
        for known in ["listeners", "landlock", "drainIdle", "shrinkTimers", "insecureSkipVerification", "readers"] {
            #expect(keys[known] != nil, "\(known)")
        }
        for (key, file) in keys.sorted(by: { $0.key < $1.key }) {
            #expect(words.contains(key), "`\(key)`, which \(file) reads")
        }
    }

    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources")

    /// Keys with a file that reads them: the first argument of `MappingReader`'s methods and of the decoders' own
    /// helpers, and the first member of a row in a table of keys.
    private static func keys() throws -> [String: String] {
        let folder = sources.appendingPathComponent("PosternControl/Configuration")
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        var keys: [String: String] = [:]
        for file in files.sorted() where file.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            for match in text.matches(of: /[a-z][A-Za-z]*\("([a-z][A-Za-z]*)"[,)]|\("([a-z][A-Za-z]*)", \\\./) {
                guard let key = match.output.1 ?? match.output.2 else { continue }
                keys[String(key)] = file
            }
        }
        return keys
    }
}
