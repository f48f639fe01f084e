import Foundation

/// A directory of files for one test, gone with it.
final class TestFolder {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "postern-" + UUID().uuidString
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, making the directories above it, and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) -> String { write(name, Data(text.utf8)) }

    @discardableResult
    func write(_ name: String, _ bytes: Data) -> String {
        let file = URL(fileURLWithPath: path + "/" + name)
        try! FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try! bytes.write(to: file)
        return file.path
    }
}
