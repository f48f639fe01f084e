import Glibc
import PosternHost

/// The body of the writer thread: takes work from the queue until told to stop.
///
/// Made by the thread that starts it and then used by the writer thread alone, hence `Sendable` unchecked.
final class LogWriterThread: @unchecked Sendable {
    private var sink: LogSink
    private let queue: Monitor<LogQueue>
    /// Nanoseconds.
    private let retryPause: Int
    /// The file could not be opened anew, so that the old one is written.
    private var cannotReopen = false

    init(_ sink: LogSink, _ queue: Monitor<LogQueue>, retryPause: Int) {
        self.sink = sink
        self.queue = queue
        self.retryPause = retryPause
    }

    /// Starts a detached thread named `postern-log` that takes no signals.
    func start() {
        // A thread inherits the mask of its creator: signals are blocked around the creation, not after it.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        var thread: pthread_t = 0
        let body = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(&thread, nil, Self.main, body)
        pthread_sigmask(SIG_SETMASK, &before, nil)
        precondition(code == 0, "no thread for the log: \(String(cString: strerror(code)))")
        pthread_detach(thread)
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { body in
        guard let body else { return nil }
        nameThread("postern-log")
        Unmanaged<LogWriterThread>.fromOpaque(body).takeRetainedValue().run()
        return nil
    }

    private func run() {
        while let work = queue.wait(until: nil, { $0.nextWork() }) {
            switch work {
            case .write(let chunk):
                if sink.isMoved(at: SystemTime.monotonicNanoseconds()) { reopen() }
                deliver(chunk)
                queue.withLock { $0.recycle(chunk) }
            case .reopen: reopen()
            case .stop:
                sink.closeFile()
                queue.change { $0.hasEnded = true }
                return
            }
            // Whoever waits for the queue to drain must see that this piece is done.
            queue.change { $0.finishWork() }
        }
    }

    /// Writes a chunk to its end, or drops the rest of it.
    private func deliver(_ chunk: LogChunk) {
        var offset = 0
        while offset < chunk.count {
            switch sink.write(UnsafeRawBufferPointer(start: chunk.memory + offset, count: chunk.count - offset)) {
            case .wrote(let count):
                offset += count
                let isOverdue = queue.withLock {
                    $0.statistics.writtenBytes += count
                    if count > 0, !cannotReopen { $0.statistics.standingError = 0 }
                    return $0.isOverdue
                }
                if isOverdue { return drop(chunk, offset) }
            case .rejected(let count, let code):
                offset += count
                queue.withLock {
                    $0.countError(code)
                    $0.statistics.droppedRecords += 1
                }
            case .stalled:
                offset = interlude(chunk, offset)
            case .failed(let code):
                queue.withLock { $0.countError(code) }
                // Nobody reads any more; another attempt cannot fare better.
                if sink.form == .lines, code == EPIPE || code == EBADF { return drop(chunk, offset) }
                pause()
                offset = interlude(chunk, offset)
            }
        }
    }

    /// Between two attempts: a reopening may cure what is wrong, and the time may be over. Returns where to go on.
    private func interlude(_ chunk: LogChunk, _ offset: Int) -> Int {
        let (reopenWanted, isOverdue) = queue.withLock { ($0.takeReopen(), $0.isOverdue) }
        if reopenWanted {
            // A line that the old file has in part is written whole to the new one.
            reopen()
            return sink.form.recordStart(in: chunk, before: offset)
        }
        guard isOverdue else { return offset }
        drop(chunk, offset)
        return chunk.count
    }

    private func drop(_ chunk: LogChunk, _ offset: Int) {
        queue.withLock { $0.statistics.droppedRecords += sink.form.records(in: chunk, from: offset) }
    }

    private func reopen() {
        do throws(LogTargetError) {
            try sink.reopen()
            if cannotReopen { queue.withLock { $0.statistics.standingError = 0 } }
            cannotReopen = false
        } catch {
            cannotReopen = true
            queue.withLock { $0.countError(error.code) }
        }
    }

    /// Waits before the next attempt; shorter when a reopening or the end is asked for meanwhile.
    private func pause() {
        let stopAt = queue.withLock { $0.stopAt }
        let deadline = min(SystemTime.monotonicNanoseconds() + retryPause, stopAt ?? Int.max)
        _ = queue.wait(until: deadline) { $0.isReopenWanted || $0.stopAt != stopAt ? true : nil }
    }
}
