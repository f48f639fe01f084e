import Synchronization

/// What threads of a test remark.
final class Notes: Sendable {
    private let notes = Mutex<[String]>([])

    var all: [String] { notes.withLock { $0 } }

    func add(_ text: String) { notes.withLock { $0.append(text) } }
}
