/// How records lie one behind another in a chunk.
package enum LogForm: Sendable {
    /// Whole lines, each ended by a newline.
    case lines
    /// Journal entries, each with its length in front: the writer sends one datagram an entry.
    case journal

    /// How many records end behind `offset`, which no journal entry lies across.
    func records(in chunk: LogChunk, from offset: Int) -> Int {
        switch self {
        case .lines: return chunk.newlines(from: offset)
        case .journal:
            var (count, place) = (0, offset)
            while place < chunk.count {
                place += JournalEntry.framedCount(chunk.memory + place)
                count += 1
            }
            return count
        }
    }

    /// Where the record begins that `offset` falls into.
    func recordStart(in chunk: LogChunk, before offset: Int) -> Int {
        switch self {
        case .lines: chunk.lineStart(before: offset)
        case .journal: offset
        }
    }
}
