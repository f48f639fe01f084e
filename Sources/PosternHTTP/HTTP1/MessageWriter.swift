package import NIOCore

/// Where the connections of one event loop compose heads, one at a time: plain memory, so that a field costs a copy.
final class HeadSpace {
    static let capacity = 4_096

    fileprivate let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
    fileprivate var count = 0

    deinit { memory.deallocate() }
}

/// Builds the bytes of HTTP/1.1 messages for one connection.
///
/// A head is composed in the loop's `HeadSpace` between `beginHead` and `endHead`, without anything else happening in
/// between, and then joins `pending`, where small bodies are copied behind it: together they become one write. The
/// storage is reused for the next message once the channel has let go of it. An object, because the channel may call back
/// while it takes bytes, and what is written then must be seen.
final class MessageWriter {
    /// Bytes that have not been handed to the channel.
    private var pending = ByteBuffer()
    /// Handed to the channel, not yet flushed.
    private var hasUnflushed = false
    private let space: HeadSpace

    /// Bodies up to this size are copied behind their head: one `write` costs more than the copy.
    private static let copyLimit = 8_192

    init(space: HeadSpace) { self.space = space }

    // MARK: The channel

    /// Writes a piece of a body, as a chunk or as it is; what is large goes as the buffer that it is.
    func sendBody(_ bytes: ByteBuffer, isChunked: Bool, to context: ChannelHandlerContext?) {
        if isChunked { chunkHead(length: bytes.readableBytes) }
        if bytes.readableBytes <= Self.copyLimit {
            pending.writeImmutableBuffer(bytes)
        } else {
            writePending(to: context)
            context?.write(NIOAny(bytes), promise: nil)
            hasUnflushed = true
        }
        if isChunked { chunkEnd() }
        if pending.readableBytes > 4 * Self.copyLimit { writePending(to: context) }
    }

    private func writePending(to context: ChannelHandlerContext?) {
        guard pending.readableBytes > 0 else { return }
        context?.write(NIOAny(take()), promise: nil)
        hasUnflushed = true
    }

    func flush(to context: ChannelHandlerContext) {
        if pending.readableBytes > 0 {
            hasUnflushed = false
            // Handing over, flushing, then taking back lets the storage be reused when the write went through at once.
            let bytes = take()
            context.writeAndFlush(NIOAny(bytes), promise: nil)
            reuse(consume bytes)
        } else if hasUnflushed {
            hasUnflushed = false
            context.flush()
        }
    }

    private func take() -> ByteBuffer {
        let taken = pending
        pending = ByteBuffer()
        return taken
    }

    /// The storage of bytes that the channel took serves again where nobody else holds it.
    private func reuse(_ taken: consuming ByteBuffer) {
        guard pending.capacity == 0, taken.capacity <= 65_536 else { return }
        pending = consume taken
        pending.clear(minimumCapacity: 0)
    }

    // MARK: Heads

    /// Traps when another head was left unfinished, so that bytes of one connection can never reach another.
    func beginHead() { precondition(space.count == 0, "a head was not ended") }

    func beginHead(status: Int) {
        beginHead()
        let line = ReasonPhrase.statusLine(status)
        if line.utf8CodeUnitCount > 0 { return append(line) }
        append("HTTP/1.1 ")
        append(decimal: status)
        append(" \r\n")
    }

    /// The empty line; the head joins what is pending.
    func endHead() {
        append("\r\n")
        spill()
    }

    private func spill() {
        pending.writeBytes(UnsafeRawBufferPointer(start: space.memory, count: space.count))
        space.count = 0
    }

    /// Makes room for `count` bytes.
    /// - Returns: where they go; nil when they are more than the space holds.
    @inline(__always)
    private func reserve(_ count: Int) -> UnsafeMutableRawPointer? {
        if space.count &+ count > HeadSpace.capacity {
            spill()
            guard count <= HeadSpace.capacity else { return nil }
        }
        let place = space.memory + space.count
        space.count &+= count
        return place
    }

    /// The bytes must be valid for the call, which copies them.
    @inline(__always)
    private func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        if let place = reserve(bytes.count) {
            place.copyMemory(from: source, byteCount: bytes.count)
        } else {
            pending.writeBytes(bytes)
        }
    }

    @inline(__always)
    func append(_ text: StaticString) {
        // A StaticString's bytes live as long as the process.
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { append($0) }
    }

    func append(decimal number: Int) {
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var index = 20
        var rest = number
        repeat {
            index &-= 1
            digits[index] = UInt8(truncatingIfNeeded: 0x30 &+ rest % 10)
            rest /= 10
        } while rest > 0
        let span = digits.span
        append(span.extracting(index..<20))
    }

    /// `name: value CRLF`
    @inline(__always)
    func field(prefix: StaticString = "", _ name: Span<UInt8>, _ value: Span<UInt8>) {
        if prefix.utf8CodeUnitCount > 0 { append(prefix) }
        append(name)
        append(": ")
        append(value)
        append("\r\n")
    }

    @inline(__always)
    func field(_ name: StaticString, _ value: Span<UInt8>) {
        append(name)
        append(": ")
        append(value)
        append("\r\n")
    }

    func field(_ name: StaticString, _ value: StaticString) {
        append(name)
        append(": ")
        append(value)
        append("\r\n")
    }

    func field(_ name: StaticString, decimal: Int) {
        append(name)
        append(": ")
        append(decimal: decimal)
        append("\r\n")
    }

    // MARK: Bodies

    /// The size line of a chunk (RFC 9112, section 7.1).
    private func chunkHead(length: Int) {
        var shift = (Int.bitWidth - length.leadingZeroBitCount &- 1) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: (length >> shift) & 0xF)
            pending.writeInteger(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
            shift -= 4
        }
        chunkEnd()
    }

    /// CRLF behind a size line or a chunk.
    private func chunkEnd() { pending.writeInteger(0x0D0A as UInt16) }

    /// The last chunk with its trailer section; framing fields in it were refused when it was parsed.
    func lastChunk(_ trailers: TrailerSection?) {
        beginHead()
        append("0\r\n")
        if let trailers {
            let bytes = trailers.bytes.readableBytesUInt8Span
            for line in trailers.fields where line.known.mayBeTrailer {
                field(bytes.extracting(line.name.range), bytes.extracting(line.value.range))
            }
        }
        endHead()
    }
}

/// The trailer fields of a chunked message: its bytes, and where the fields are in them.
package struct TrailerSection: Sendable {
    package var bytes: ByteBuffer
    package var fields: [FieldLine]
}

extension FieldName {
    /// Framing, routing, authentication and connection fields must not come late (RFC 9110, section 6.5.1).
    package var mayBeTrailer: Bool {
        switch self {
        case .other, .contentMD5, .date, .server: true
        default: false
        }
    }
}

/// Status lines for every status that we or an upstream may send.
enum ReasonPhrase {
    static func statusLine(_ status: Int) -> StaticString {
        switch status {
        case 100: "HTTP/1.1 100 Continue\r\n"
        case 102: "HTTP/1.1 102 Processing\r\n"
        case 103: "HTTP/1.1 103 Early Hints\r\n"
        case 200: "HTTP/1.1 200 OK\r\n"
        case 201: "HTTP/1.1 201 Created\r\n"
        case 202: "HTTP/1.1 202 Accepted\r\n"
        case 203: "HTTP/1.1 203 Non-Authoritative Information\r\n"
        case 204: "HTTP/1.1 204 No Content\r\n"
        case 205: "HTTP/1.1 205 Reset Content\r\n"
        case 206: "HTTP/1.1 206 Partial Content\r\n"
        case 207: "HTTP/1.1 207 Multi-Status\r\n"
        case 300: "HTTP/1.1 300 Multiple Choices\r\n"
        case 301: "HTTP/1.1 301 Moved Permanently\r\n"
        case 302: "HTTP/1.1 302 Found\r\n"
        case 303: "HTTP/1.1 303 See Other\r\n"
        case 304: "HTTP/1.1 304 Not Modified\r\n"
        case 307: "HTTP/1.1 307 Temporary Redirect\r\n"
        case 308: "HTTP/1.1 308 Permanent Redirect\r\n"
        case 400: "HTTP/1.1 400 Bad Request\r\n"
        case 401: "HTTP/1.1 401 Unauthorized\r\n"
        case 403: "HTTP/1.1 403 Forbidden\r\n"
        case 404: "HTTP/1.1 404 Not Found\r\n"
        case 405: "HTTP/1.1 405 Method Not Allowed\r\n"
        case 406: "HTTP/1.1 406 Not Acceptable\r\n"
        case 408: "HTTP/1.1 408 Request Timeout\r\n"
        case 409: "HTTP/1.1 409 Conflict\r\n"
        case 410: "HTTP/1.1 410 Gone\r\n"
        case 411: "HTTP/1.1 411 Length Required\r\n"
        case 412: "HTTP/1.1 412 Precondition Failed\r\n"
        case 413: "HTTP/1.1 413 Content Too Large\r\n"
        case 414: "HTTP/1.1 414 URI Too Long\r\n"
        case 415: "HTTP/1.1 415 Unsupported Media Type\r\n"
        case 416: "HTTP/1.1 416 Range Not Satisfiable\r\n"
        case 417: "HTTP/1.1 417 Expectation Failed\r\n"
        case 422: "HTTP/1.1 422 Unprocessable Content\r\n"
        case 429: "HTTP/1.1 429 Too Many Requests\r\n"
        case 431: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
        case 500: "HTTP/1.1 500 Internal Server Error\r\n"
        case 501: "HTTP/1.1 501 Not Implemented\r\n"
        case 502: "HTTP/1.1 502 Bad Gateway\r\n"
        case 503: "HTTP/1.1 503 Service Unavailable\r\n"
        case 504: "HTTP/1.1 504 Gateway Timeout\r\n"
        case 505: "HTTP/1.1 505 HTTP Version Not Supported\r\n"
        default: ""
        }
    }
}
