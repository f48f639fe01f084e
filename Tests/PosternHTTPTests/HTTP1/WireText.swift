import PosternHTTP

/// The bytes of a message written for people: each line of the text ends in CRLF, and what a line cannot show is escaped.
///
/// Escapes: `\r` `\n` `\t` `\0` `\s` (space) `\\`, `\xHH`, and `\c`, which joins a line with the next one (no CRLF).
func wire(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "\n"): bytes += [0x0D, 0x0A]
        case UInt8(ascii: "\\"): appendEscape(&rest, to: &bytes)
        default: bytes.append(byte)
        }
    }
    return bytes
}

private func appendEscape(_ rest: inout ArraySlice<UInt8>, to bytes: inout [UInt8]) {
    switch rest.popFirst() {
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "0"): bytes.append(0x00)
    case UInt8(ascii: "s"): bytes.append(0x20)
    case UInt8(ascii: "\\"): bytes.append(0x5C)
    case UInt8(ascii: "c"): rest = rest.dropFirst()
    case UInt8(ascii: "x"):
        bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)!)
        rest = rest.dropFirst(2)
    default: preconditionFailure("an unknown escape in \(String(decoding: rest, as: UTF8.self))")
    }
}

/// A request head whose field lines are `fields`, one a line.
func request(_ line: String = "GET / HTTP/1.1", host: String? = "h", _ fields: String = "") -> [UInt8] {
    wire(line + "\n" + (host.map { "Host: \($0)\n" } ?? "") + (fields.isEmpty ? "" : fields + "\n") + "\n")
}

/// What a parser made of some bytes, for comparison.
enum Outcome: Equatable, CustomStringConvertible {
    case accepted(length: Int, String)
    case refused(WireRefusal)
    case needMore

    var description: String {
        switch self {
        case .accepted(let length, let text): "accepted \(length) bytes: \(text)"
        case .refused(let refusal): "refused: \(refusal.rawValue)"
        case .needMore: "needs more"
        }
    }
}

/// The outcome of bytes that arrive in the parts that end at `cuts`, and then the rest.
func parseRequest(_ bytes: [UInt8], cuts: some Sequence<Int> = [], limits: HeadLimits = HeadLimits()) -> Outcome {
    var parser = RequestHeadParser(limits: limits)
    do throws(WireRefusal) {
        for cut in Array(cuts) + [bytes.count] {
            if let length = try parser.parse(bytes.span.extracting(0..<cut)) {
                return .accepted(length: length, describe(parser.head, bytes))
            }
        }
        return .needMore
    } catch {
        return .refused(error)
    }
}

func parseResponse(
    _ bytes: [UInt8], answering method: HTTPMethod, cuts: some Sequence<Int> = [], limits: HeadLimits = HeadLimits()
) -> Outcome {
    var parser = ResponseHeadParser(limits: limits)
    do throws(WireRefusal) {
        for cut in Array(cuts) + [bytes.count] {
            if let length = try parser.parse(bytes.span.extracting(0..<cut), answering: method) {
                return .accepted(length: length, describe(parser.head, bytes))
            }
        }
        return .needMore
    } catch {
        return .refused(error)
    }
}

/// `GET /path?query @host framing keep`, and `expect` or `lower` where they are so.
func describe(_ head: RequestHeadIndex, _ bytes: [UInt8]) -> String {
    var words = [text(head.methodRange, bytes)]
    words.append(text(head.path, bytes) + (head.hasQuery ? "?" + text(head.query, bytes) : ""))
    words += ["@" + text(head.host, bytes), "\(head.framing)", head.keepsAlive ? "keep" : "close"]
    if head.expectsContinue { words.append("expect") }
    if head.hasLowercaseEscapes { words.append("lower") }
    if head.minorVersion == 0 { words.append("1.0") }
    return words.joined(separator: " ")
}

/// `200 framing keep`.
func describe(_ head: ResponseHeadIndex, _ bytes: [UInt8]) -> String {
    "\(head.status) \(head.framing) \(head.keepsAlive ? "keep" : "close")" + (head.minorVersion == 0 ? " 1.0" : "")
}

func text(_ range: HeadRange, _ bytes: [UInt8]) -> String { String(decoding: bytes[range.range], as: UTF8.self) }
