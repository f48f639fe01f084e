/// A block of whole log records, in one `LogForm`, on its way to the writer.
///
/// It has one owner at a time: an event loop's `LogBuffer` fills it, the queue holds it, the writer thread empties it.
/// It crosses threads only under the queue's lock, which is why it may be `Sendable` unchecked.
final class LogChunk: @unchecked Sendable {
    /// A chunk with this many bytes is handed over.
    static let handover = 65_536
    /// The most bytes of one record.
    static let mostRecordBytes = 16_384
    /// A chunk below `handover` always has room for one more record.
    static let capacity = handover + mostRecordBytes

    let memory: UnsafeMutableRawPointer
    var count = 0
    var records = 0

    init() { memory = .allocate(byteCount: Self.capacity, alignment: 16) }

    deinit { memory.deallocate() }

    func clear() {
        count = 0
        records = 0
    }

    /// Takes over the records of `other` if they fit.
    func absorb(_ other: LogChunk) -> Bool {
        guard count + other.count <= Self.capacity else { return false }
        (memory + count).copyMemory(from: other.memory, byteCount: other.count)
        count += other.count
        records += other.records
        return true
    }

    /// How many lines end at or after `offset`.
    func newlines(from offset: Int) -> Int {
        UnsafeRawBufferPointer(start: memory + offset, count: count - offset).count { $0 == UInt8(ascii: "\n") }
    }

    /// Where the line begins that `offset` falls into.
    func lineStart(before offset: Int) -> Int {
        var start = offset
        while start > 0, memory.load(fromByteOffset: start - 1, as: UInt8.self) != UInt8(ascii: "\n") { start -= 1 }
        return start
    }
}
