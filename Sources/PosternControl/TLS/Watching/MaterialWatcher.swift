import NIOPosix
import Synchronization

/// Notices that files have changed, however: written, renamed into place, a symbolic link or a directory swapped.
///
/// It looks once a second instead of asking the kernel to tell: watches do not follow links, are lost with the directory
/// they are on, and hear nothing of network file systems. The files are looked at on a thread of the given pool, so that a
/// file system that hangs holds up nothing else.
final class MaterialWatcher: Sendable {
    private struct State {
        var observer: MaterialObserver
        var detector: ChangeDetector
    }

    private let paths: [String]
    private let state: Mutex<State>
    private let task: Mutex<Task<Void, Never>?> = Mutex(nil)

    /// - Parameters:
    ///   - paths: files and directories, each at most once.
    ///   - served: what they held before the served set was read from them.
    init(_ paths: [String], served: MaterialSnapshot, observer: MaterialObserver) {
        self.paths = paths
        state = Mutex(State(observer: observer, detector: ChangeDetector(handled: served)))
    }

    deinit { stop() }

    /// - Parameters:
    ///   - pool: where files are looked at; shut down only after `stop`.
    ///   - changed: called once for each change that has settled, with what the files held then. The next look comes after
    ///     it has returned.
    func start(
        on pool: NIOThreadPool, every interval: Duration = .seconds(1),
        changed: @escaping @Sendable (MaterialSnapshot) async -> Void
    ) {
        let task = Task { [weak self] in
            while !Task.isCancelled {
                do { try await Task.sleep(for: interval) } catch { return }
                guard let look = self?.look else { return }
                if let found = try? await pool.runIfActive({ look() }) { await changed(found) }
            }
        }
        self.task.withLock {
            $0?.cancel()
            $0 = task
        }
    }

    func stop() { task.withLock { $0?.cancel() } }

    /// The changed content, when it has settled.
    private func look() -> MaterialSnapshot? {
        state.withLock { state in
            let snapshot = state.observer.observe(paths)
            return state.detector.hasSettled(snapshot) ? snapshot : nil
        }
    }
}
