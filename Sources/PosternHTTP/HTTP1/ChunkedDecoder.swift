/// Takes the chunked coding apart (RFC 9112, section 7.1): a state machine over whatever bytes have arrived.
///
/// Chunk extensions are dropped (section 7.1.1 lets a recipient ignore them) and bounded; sizes are plain hexadecimal
/// of at most 15 digits; every line ends in CRLF.
package struct ChunkedDecoder: Sendable {
    package enum Step: Equatable, Sendable {
        /// Nothing more can be told; `consumed` bytes are dealt with.
        case needMore(consumed: Int)
        /// `length` bytes of content start `skip` bytes on.
        case data(skip: Int, length: Int)
        /// The message ended; `consumed` bytes are dealt with and `trailers` tells the fields.
        case end(consumed: Int)
    }

    private enum State {
        case size(value: Int, digits: Int)
        /// White space behind the size, which only an extension may follow (BWS in the RFC's grammar).
        case blank(value: Int, length: Int)
        case `extension`(value: Int, length: Int)
        case sizeLineFeed(value: Int)
        case content(remaining: Int)
        case contentReturn
        case contentLineFeed
        case trailers
    }

    private static let longestExtension = 256

    private var state = State.size(value: 0, digits: 0)
    private var section = FieldSectionParser()
    private let limits: HeadLimits
    /// The trailer fields, as positions into the span that `step` was last given, from `trailersStart`.
    package private(set) var trailers: [FieldLine] = []

    package init(limits: HeadLimits) { self.limits = limits }

    /// Takes one step. Call again with the rest (less what was consumed, or behind the data) until `.needMore` or `.end`.
    ///
    /// In the trailer section nothing is consumed until it is whole; its positions are relative to the span's start.
    package mutating func step(_ bytes: Span<UInt8>) throws(WireRefusal) -> Step {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch state {
            case .size(let value, let digits):
                index &+= 1
                if let digit = ASCII.hexValue(byte) {
                    guard digits < 15 else { throw .invalidChunk }
                    state = .size(value: value << 4 | Int(digit), digits: digits &+ 1)
                } else if digits > 0, byte == ASCII.cr {
                    state = .sizeLineFeed(value: value)
                } else if digits > 0, byte == UInt8(ascii: ";") {
                    state = .extension(value: value, length: 1)
                } else if digits > 0, byte == ASCII.space || byte == ASCII.tab {
                    state = .blank(value: value, length: 1)
                } else {
                    throw .invalidChunk
                }
            case .blank(let value, let length):
                index &+= 1
                guard length < Self.longestExtension else { throw .chunkLineTooLong }
                if byte == UInt8(ascii: ";") {
                    state = .extension(value: value, length: length &+ 1)
                } else {
                    guard byte == ASCII.space || byte == ASCII.tab else { throw .invalidChunk }
                    state = .blank(value: value, length: length &+ 1)
                }
            case .extension(let value, let length):
                index &+= 1
                if byte == ASCII.cr {
                    state = .sizeLineFeed(value: value)
                } else {
                    guard byte >= 0x20 || byte == ASCII.tab, byte != 0x7F else { throw .invalidChunk }
                    guard length < Self.longestExtension else { throw .chunkLineTooLong }
                    state = .extension(value: value, length: length &+ 1)
                }
            case .sizeLineFeed(let value):
                guard byte == ASCII.lf else { throw .invalidChunk }
                index &+= 1
                state = value == 0 ? .trailers : .content(remaining: value)
            case .content(let remaining):
                let length = min(remaining, bytes.count &- index)
                state = length == remaining ? .contentReturn : .content(remaining: remaining &- length)
                return .data(skip: index, length: length)
            case .contentReturn:
                guard byte == ASCII.cr else { throw .invalidChunk }
                index &+= 1
                state = .contentLineFeed
            case .contentLineFeed:
                guard byte == ASCII.lf else { throw .invalidChunk }
                index &+= 1
                state = .size(value: 0, digits: 0)
            case .trailers:
                // The section parser counts from its first byte: hand over what came before, then start there.
                if index > 0 { return .needMore(consumed: index) }
                guard let end = try section.parse(bytes, into: &trailers, limits: limits) else {
                    return .needMore(consumed: 0)
                }
                // A reader that merged such a field into the head would see another message than we do.
                for line in trailers where line.known.isFraming { throw .forbiddenTrailer }
                return .end(consumed: end)
            }
        }
        return .needMore(consumed: index)
    }
}
