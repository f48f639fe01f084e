import NIOCore

/// Buffers that the TLS connections of one event loop use in turn, so that an idle one holds none.
package final class TLSLoopSpace {
    /// Larger buffers are not kept.
    private static let keptCapacity = 65_536
    private static let mostPlaintext = 8

    /// Given to readers, and used again once they have let go.
    private var plaintext: [ByteBuffer] = []
    private var records = ByteBuffer()

    package init() {}

    /// An empty buffer for `count` bytes of plaintext.
    func takePlaintext(_ count: Int) -> ByteBuffer {
        for place in plaintext.indices where plaintext[place].capacity > 0 {
            let isFree: Void? = plaintext[place].modifyIfUniquelyOwned { $0.clear(minimumCapacity: count) }
            guard isFree != nil else { continue }
            // Taken out, so that filling it copies nothing; `keep` puts it back beside its reader.
            var taken = ByteBuffer()
            swap(&taken, &plaintext[place])
            return taken
        }
        return ByteBufferAllocator().buffer(capacity: count)
    }

    /// Remembers a buffer that was filled, before it is given to its reader.
    func keep(plaintext buffer: ByteBuffer) {
        guard buffer.capacity <= Self.keptCapacity else { return }
        if let place = plaintext.firstIndex(where: { $0.capacity == 0 }) {
            plaintext[place] = buffer
        } else if plaintext.count < Self.mostPlaintext {
            plaintext.append(buffer)
        }
    }

    /// A buffer to put records into.
    func takeRecords() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &records)
        return taken
    }

    /// The channel has been given these records; their storage serves again where it has let go of them.
    func reuse(records written: consuming ByteBuffer) {
        guard records.capacity == 0, written.capacity <= Self.keptCapacity else { return }
        var emptied = consume written
        let isFree: Void? = emptied.modifyIfUniquelyOwned { $0.clear() }
        if isFree != nil { records = emptied }
    }
}
