import NIOCore
import PosternTLS

/// The records of one connection between its channel and OpenSSL.
final class RecordBuffers: RecordTransport {
    var incoming = ByteBuffer()
    var outgoing = ByteBuffer()
    private let space: TLSLoopSpace

    init(space: TLSLoopSpace) { self.space = space }

    func take(into space: UnsafeMutableRawBufferPointer) -> Int {
        incoming.readWithUnsafeReadableBytes { bytes in
            let count = min(bytes.count, space.count)
            if count > 0 { space.baseAddress!.copyMemory(from: bytes.baseAddress!, byteCount: count) }
            return count
        }
    }

    func put(_ bytes: UnsafeRawBufferPointer) {
        if outgoing.capacity == 0 { outgoing = space.takeRecords() }
        outgoing.writeBytes(bytes)
    }

    func append(_ bytes: inout ByteBuffer) {
        if incoming.readableBytes == 0 {
            incoming = bytes
        } else {
            incoming.discardReadBytes()
            incoming.writeBuffer(&bytes)
        }
    }

    /// Lets go of what has been read, so that the channel may use its buffer again.
    func releaseRead() {
        if incoming.readableBytes == 0 { incoming = ByteBuffer() }
    }

    func takeOutgoing() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &outgoing)
        return taken
    }
}
