import Glibc

/// The one thread that writes a log, and the bounded queue before it. Event loops never wait for it.
///
/// A full queue drops the chunk and counts its records. A write that fails for want of space is tried again after a
/// pause, while the queue fills; a reader that is gone costs the chunk. A process that uses this must ignore `SIGPIPE`;
/// the writer thread itself takes no signals.
package final class LogWriter: Sendable {
    /// Memory that waiting chunks may take unless the caller says otherwise: 8 MiB.
    package static let defaultBound = 8 << 20

    private let queue: Monitor<LogQueue>
    package let target: LogTarget
    package let form: LogForm

    /// Opens the target and starts the thread.
    ///
    /// - Parameters:
    ///   - bound: bytes of memory for waiting chunks; at least two chunks of 80 KiB are kept.
    ///   - retryPause: how long to wait before a failed write is tried again.
    /// - Throws: `LogTargetError` when a file cannot be opened.
    package init(
        _ target: LogTarget, bound: Int = LogWriter.defaultBound, retryPause: Duration = .seconds(1)
    ) throws(LogTargetError) {
        let sink = try LogSink(target)
        self.target = target
        form = target.form
        queue = Monitor(LogQueue(bytes: bound))
        LogWriterThread(sink, queue, retryPause: retryPause.wholeNanoseconds).start()
    }

    /// Lets the thread write what is left, for ten seconds at most.
    deinit {
        let deadline = SystemTime.monotonicNanoseconds() + 10_000_000_000
        queue.change { $0.wantStop(at: deadline) }
    }

    package var statistics: LogStatistics { queue.withLock { $0.statistics } }

    /// Opens the file of the same name anew, for rotation; chunks that wait go to the new one. Returns at once. When it
    /// cannot be opened the old one is kept and the error counted.
    package func reopen() {
        queue.change { $0.wantReopen() }
    }

    /// Waits until everything submitted so far is written and a reopening asked for is done. Blocks the calling thread;
    /// not for event loops, whose buffers must have been flushed before.
    ///
    /// - Returns: false when the time was not enough.
    package func flush(within time: Duration) -> Bool {
        let deadline = SystemTime.monotonicNanoseconds() + time.wholeNanoseconds
        return queue.wait(until: deadline) { $0.isDrained || $0.hasEnded ? true : nil } ?? false
    }

    /// Writes what waits, then ends the thread and closes the file. What is left when the time is over is dropped and
    /// counted, as is whatever is submitted afterwards. Blocks the calling thread.
    ///
    /// - Returns: false when the thread is still held up by the kernel.
    @discardableResult
    package func close(within time: Duration) -> Bool {
        let deadline = SystemTime.monotonicNanoseconds() + time.wholeNanoseconds
        queue.change { $0.wantStop(at: deadline) }
        // The thread looks at the time four times a second while it is stalled.
        return queue.wait(until: deadline + 2_000_000_000) { $0.hasEnded ? true : nil } ?? false
    }

    /// Takes a chunk of lines and gives an empty one in exchange. Never waits for the target.
    func submit(_ chunk: LogChunk) -> LogChunk {
        queue.change { $0.exchange(chunk) }
    }
}

extension Duration {
    /// Nanoseconds, at most a thousand years.
    var wholeNanoseconds: Int {
        let (seconds, attoseconds) = components
        return Int(min(seconds, 31_536_000_000 / 8)) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
    }
}
