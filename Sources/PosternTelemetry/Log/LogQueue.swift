/// What became of the records handed to a log. Counted since the start; never goes down.
package struct LogStatistics: Sendable, Equatable {
    /// Bytes the kernel has taken.
    package var writtenBytes = 0
    /// Records lost because the queue was full, the reader was gone or the time to stop had come.
    package var droppedRecords = 0
    /// Failed writes and failed attempts to reopen.
    package var errors = 0
    /// `errno` of the last of them; 0 when there was none.
    package var lastError: Int32 = 0
    /// `errno` of what keeps records from being written at present, or a file from being opened anew; 0 when all is well.
    package var standingError: Int32 = 0

    package init() {}
}

/// The chunks between the event loops and the writer thread: a ring of a fixed number of places, and the empty chunks
/// that go back. A plain value; `LogWriter` keeps it behind a `Monitor`.
struct LogQueue {
    enum Work {
        case write(LogChunk)
        case reopen
        case stop
    }

    /// Empty chunks kept for later, beyond which they are freed.
    private static let mostSpare = 16

    private var ring: [LogChunk?]
    private var first = 0
    private var waiting = 0
    private var spare: [LogChunk] = []
    /// The writer is at work on a chunk or on a reopening.
    private var busy = false
    private var reopenWanted = false

    /// Monotonic nanoseconds after which the writer gives up what is left; nil while it runs.
    private(set) var stopAt: Int?
    var hasEnded = false
    var statistics = LogStatistics()

    /// - Parameter bytes: the memory that waiting chunks may take.
    init(bytes: Int) {
        ring = Array(repeating: nil, count: max(bytes / LogChunk.capacity, 2))
        spare.reserveCapacity(Self.mostSpare)
    }

    var isDrained: Bool { waiting == 0 && !busy && !reopenWanted }

    /// Takes a chunk and gives an empty one for it: a spare one, or the same, if its lines fit into the last one
    /// waiting or had to be dropped.
    mutating func exchange(_ chunk: LogChunk) -> LogChunk {
        if waiting > 0, let last = ring[(first + waiting - 1) % ring.count], last.absorb(chunk) {
            chunk.clear()
            return chunk
        }
        guard waiting < ring.count, !hasEnded else {
            statistics.droppedRecords += chunk.records
            chunk.clear()
            return chunk
        }
        ring[(first + waiting) % ring.count] = chunk
        waiting += 1
        return spare.popLast() ?? LogChunk()
    }

    /// The next thing for the writer to do, if there is any. Once the time to stop is over, what waits is dropped.
    mutating func nextWork() -> Work? {
        if reopenWanted {
            busy = true
            reopenWanted = false
            return .reopen
        }
        if isOverdue { dropWaiting() }
        if waiting > 0, let chunk = ring[first] {
            ring[first] = nil
            first = (first + 1) % ring.count
            waiting -= 1
            busy = true
            return .write(chunk)
        }
        return stopAt == nil ? nil : .stop
    }

    mutating func finishWork() { busy = false }

    mutating func recycle(_ chunk: LogChunk) {
        chunk.clear()
        if spare.count < Self.mostSpare { spare.append(chunk) }
    }

    /// Whether the time to stop is over.
    var isOverdue: Bool {
        guard let stopAt else { return false }
        return SystemTime.monotonicNanoseconds() >= stopAt
    }

    /// Whether a reopening has been asked for and not begun.
    var isReopenWanted: Bool { reopenWanted }

    mutating func wantReopen() { reopenWanted = true }

    mutating func takeReopen() -> Bool {
        defer { reopenWanted = false }
        return reopenWanted
    }

    mutating func wantStop(at deadline: Int) { stopAt = min(stopAt ?? deadline, deadline) }

    private mutating func dropWaiting() {
        for place in ring.indices {
            statistics.droppedRecords += ring[place]?.records ?? 0
            ring[place] = nil
        }
        waiting = 0
    }

    mutating func countError(_ code: Int32) {
        statistics.errors += 1
        statistics.lastError = code
        statistics.standingError = code
    }
}
