/// Reads a response head from an upstream, as strictly as a request's: an upstream may be compromised or merely odd, and
/// what it sends is re-framed from what is parsed here.
package struct ResponseHeadParser: Sendable {
    package let limits: HeadLimits
    package private(set) var head = ResponseHeadIndex()
    private var section = FieldSectionParser()
    private var hasStatusLine = false

    package init(limits: HeadLimits) {
        self.limits = limits
    }

    package mutating func reset() {
        head.reset()
        section = FieldSectionParser()
        hasStatusLine = false
    }

    /// Gives what was read to its user, and takes the storage of the head before in exchange.
    mutating func exchangeHead(_ other: inout ResponseHeadIndex) { swap(&head, &other) }

    /// - Parameter method: of the request that this answers; it decides whether there is a body.
    /// - Returns: the length of the head, or nil when more bytes are needed.
    package mutating func parse(_ bytes: Span<UInt8>, answering method: HTTPMethod) throws(WireRefusal) -> Int? {
        if !hasStatusLine {
            guard let line = try section.scanner.nextLine(bytes) else {
                if bytes.count > limits.fieldBytes { throw .malformedStatusLine }
                return nil
            }
            try parseStatusLine(bytes, line)
            hasStatusLine = true
        }
        guard let end = try section.parse(bytes, into: &head.fields, limits: limits) else { return nil }
        try interpretFields(bytes, answering: method)
        return end
    }

    /// `HTTP-version SP status-code SP [reason-phrase]`; the last space may be missing, as many servers leave it out.
    private mutating func parseStatusLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(WireRefusal) {
        let start = line.lowerBound
        guard line.count >= 12, line.count <= limits.fieldBytes,
            bytes.extracting(start..<(start &+ 7)).equals("HTTP/1."),
            bytes[start &+ 7] == UInt8(ascii: "0") || bytes[start &+ 7] == UInt8(ascii: "1"),
            bytes[start &+ 8] == ASCII.space
        else { throw .malformedStatusLine }
        head.minorVersion = bytes[start &+ 7] &- UInt8(ascii: "0")
        var status = 0
        for index in (start &+ 9)..<(start &+ 12) {
            guard ASCII.isDigit(bytes[index]) else { throw .malformedStatusLine }
            status = status &* 10 &+ Int(bytes[index] &- 0x30)
        }
        guard status >= 100, status <= 599 else { throw .malformedStatusLine }
        head.status = status
        guard line.count > 12 else { return }
        guard bytes[start &+ 12] == ASCII.space else { throw .malformedStatusLine }
        for index in (start &+ 13)..<line.upperBound where bytes[index] < 0x20 && bytes[index] != ASCII.tab {
            throw .malformedStatusLine
        }
        head.reason = HeadRange(start &+ 13, to: line.upperBound)
    }

    /// RFC 9112, section 6.3.
    private mutating func interpretFields(_ bytes: Span<UInt8>, answering method: HTTPMethod) throws(WireRefusal) {
        var lengthField: Int?
        var codingField: Int?
        var hasConnection = false
        for position in 0..<head.fields.count {
            switch head.fields[position].known {
            case .contentLength:
                guard lengthField == nil else { throw .duplicateContentLength }
                lengthField = position
            case .transferEncoding:
                guard codingField == nil else { throw .unknownTransferCoding }
                codingField = position
            case .connection: hasConnection = true
            default: break
            }
        }
        head.keepsAlive = head.minorVersion == 1
        if hasConnection {
            let options = try FieldParser.connectionOptions(bytes, &head.fields)
            head.keepsAlive = !options.close && (head.minorVersion == 1 || options.keepAlive)
        }
        let hasNoBody = method == .head || head.status < 200 || head.status == 204 || head.status == 304
        if let codingField {
            guard lengthField == nil else { throw .contentLengthWithTransferEncoding }
            guard head.minorVersion == 1 else { throw .transferEncodingInHTTP10 }
            guard bytes.extracting(head.fields[codingField].value.range).equalsIgnoringCase("chunked") else {
                throw .unknownTransferCoding
            }
            head.framing = hasNoBody ? .none : .chunked
        } else if let lengthField {
            let length = try FieldParser.contentLength(bytes, head.fields[lengthField].value)
            head.framing = hasNoBody || length == 0 ? .none : .length(length)
        } else if hasNoBody {
            head.framing = .none
        } else {
            head.framing = .untilClose
            head.keepsAlive = false
        }
    }
}
