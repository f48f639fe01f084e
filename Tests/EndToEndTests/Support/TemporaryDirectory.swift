import Foundation

/// A new directory that goes with its owner. Its path is short enough for Unix sockets.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/postern-e2e-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SocketFailure("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        let file = self.file(name)
        let folder = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }

    func read(_ name: String) -> String {
        guard let data = FileManager.default.contents(atPath: file(name)) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    func list(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: file(folder))) ?? []
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }
}
