/// Collects the log records of one event loop and hands them to the writer in blocks.
///
/// Not thread safe: it belongs to its loop. Lines are handed over at 64 KiB, or when the loop's timer calls `flush()`
/// (every 200 ms while `isDirty`); a record costs no lock and no allocation.
package final class LogBuffer {
    private let writer: LogWriter
    private var chunk = LogChunk()
    private var timestamp = Timestamp()

    /// What the writer's target takes.
    package let form: LogForm

    package init(writer: LogWriter) {
        self.writer = writer
        form = writer.form
    }

    /// Whether there are lines that `flush()` would hand over.
    package var isDirty: Bool { chunk.count > 0 }

    /// Hands over what has been collected; what the writer has no room for is dropped and counted by it.
    package func flush() {
        if isDirty { chunk = writer.submit(chunk) }
    }

    /// Appends one line that `fields` fills. A line holds at most 16 KiB; fields beyond that are cut or left out.
    @inline(__always)
    func append(_ fields: (inout JSONLine, inout Timestamp) -> Void) {
        var line = JSONLine(
            UnsafeMutableRawBufferPointer(start: chunk.memory + chunk.count, count: LogChunk.mostRecordBytes))
        fields(&line, &timestamp)
        ended(line.end())
    }

    /// Appends one journal entry that `fields` fills, with the same bound.
    @inline(__always)
    func appendEntry(_ fields: (inout JournalEntry, inout Timestamp) -> Void) {
        var entry = JournalEntry(
            UnsafeMutableRawBufferPointer(start: chunk.memory + chunk.count, count: LogChunk.mostRecordBytes))
        fields(&entry, &timestamp)
        ended(entry.end())
    }

    /// Appends whole lines that `write` puts into the memory it is given, returning how many bytes they take.
    func appendText(_ write: (UnsafeMutableRawBufferPointer, inout Timestamp) -> Int) {
        ended(
            write(
                UnsafeMutableRawBufferPointer(start: chunk.memory + chunk.count, count: LogChunk.mostRecordBytes),
                &timestamp))
    }

    @inline(__always)
    private func ended(_ bytes: Int) {
        chunk.count += bytes
        chunk.records += 1
        if chunk.count >= LogChunk.handover { chunk = writer.submit(chunk) }
    }

    /// The same for lines other than access records.
    package func append(_ fields: (inout JSONLine) -> Void) {
        append { line, _ in fields(&line) }
    }
}
