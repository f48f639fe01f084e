/// Reads a request head as its bytes arrive: each line once, nothing copied, everything within its limits.
///
/// Refusals follow RFC 9112 where it says MUST, and choose refusal wherever it lets a recipient repair: what we forward is
/// made from what was parsed here, so nothing may be left to another reader's opinion.
package struct RequestHeadParser: Sendable {
    package let limits: HeadLimits
    /// What has been read; complete once `parse` returned a length.
    package private(set) var head = RequestHeadIndex()
    private var section = FieldSectionParser()
    private var hasRequestLine = false
    private var hasBlankLine = false

    package init(limits: HeadLimits) { self.limits = limits }

    /// Ready for the next head; the storage for its fields is kept.
    package mutating func reset() {
        head.reset()
        section = FieldSectionParser()
        hasRequestLine = false
        hasBlankLine = false
    }

    /// Gives what was read to its user, and takes the storage of the head before in exchange.
    mutating func exchangeHead(_ other: inout RequestHeadIndex) { swap(&head, &other) }

    /// - Parameter bytes: everything received since the head's first byte; call again with a longer span when more arrive.
    /// - Returns: the length of the head, or nil when more bytes are needed.
    package mutating func parse(_ bytes: Span<UInt8>) throws(WireRefusal) -> Int? {
        if !hasRequestLine {
            guard var line = try nextLine(bytes) else { return nil }
            // One empty line before a request line is ignored (RFC 9112, section 2.2).
            if line.isEmpty, !hasBlankLine {
                hasBlankLine = true
                guard let next = try nextLine(bytes) else { return nil }
                line = next
            }
            try parseRequestLine(bytes, line)
            hasRequestLine = true
        }
        guard let end = try section.parse(bytes, into: &head.fields, limits: limits) else { return nil }
        try interpretFields(bytes)
        return end
    }

    private mutating func nextLine(_ bytes: Span<UInt8>) throws(WireRefusal) -> Range<Int>? {
        let longest = limits.targetBytes &+ 64
        guard let line = try section.scanner.nextLine(bytes) else {
            if bytes.count &- section.scanner.lineStart > longest { throw .targetTooLong }
            return nil
        }
        if line.count > longest { throw .targetTooLong }
        return line
    }

    // MARK: Request line

    /// `method SP request-target SP HTTP-version`, single spaces only (RFC 9112, section 3).
    private mutating func parseRequestLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(WireRefusal) {
        var index = line.lowerBound
        let end = line.upperBound
        while index < end, ASCII.isToken(bytes[index]) { index &+= 1 }
        guard index < end, bytes[index] == ASCII.space else { throw .malformedRequestLine }
        guard index > line.lowerBound, index &- line.lowerBound <= 32 else { throw .invalidMethod }
        head.methodRange = HeadRange(line.lowerBound, to: index)
        head.method = HTTPMethod(bytes.extracting(line.lowerBound..<index))

        let targetStart = index &+ 1
        index = targetStart
        while index < end, bytes[index] != ASCII.space { index &+= 1 }
        guard index < end else { throw .malformedRequestLine }
        guard index &- targetStart <= limits.targetBytes else { throw .targetTooLong }
        let target = targetStart..<index
        try parseVersion(bytes.extracting((index &+ 1)..<end))
        try TargetParser.parse(bytes, target, into: &head)
    }

    private mutating func parseVersion(_ version: Span<UInt8>) throws(WireRefusal) {
        guard version.count == 8, version.extracting(0..<5).equals("HTTP/"), version[6] == UInt8(ascii: ".") else {
            throw .malformedRequestLine
        }
        guard version[5] == UInt8(ascii: "1"), version[7] == UInt8(ascii: "0") || version[7] == UInt8(ascii: "1") else {
            throw .unsupportedVersion
        }
        head.minorVersion = version[7] &- UInt8(ascii: "0")
    }

    // MARK: Fields

    private mutating func interpretFields(_ bytes: Span<UInt8>) throws(WireRefusal) {
        var hostField: Int?
        var lengthField: Int?
        var codingField: Int?
        var hasConnection = false
        for position in 0..<head.fields.count {
            let line = head.fields[position]
            switch line.known {
            case .host: try remember(position, in: &hostField, else: .duplicateHost)
            case .contentLength: try remember(position, in: &lengthField, else: .duplicateContentLength)
            case .transferEncoding: try remember(position, in: &codingField, else: .unknownTransferCoding)
            case .userAgent: try remember(position, in: &head.userAgent, else: .duplicateSingleton)
            case .referer: try remember(position, in: &head.referer, else: .duplicateSingleton)
            case .xAPIGWAPIID: try remember(position, in: &head.apiID, else: .duplicateSingleton)
            case .xAmznRequestID: try remember(position, in: &head.requestID, else: .duplicateSingleton)
            case .xAmznTraceID: try remember(position, in: &head.traceID, else: .duplicateSingleton)
            case .xHTTPMethodOverride: try remember(position, in: &head.methodOverride, else: .duplicateSingleton)
            case .connection: hasConnection = true
            case .expect:
                guard !head.expectsContinue,
                    bytes.extracting(line.value.range).equalsIgnoringCase("100-continue")
                else { throw .unknownExpectation }
                // A 1.0 client cannot understand 100 (RFC 9110, section 10.1.1).
                head.expectsContinue = head.minorVersion == 1
            default: break
            }
        }
        try interpretHost(bytes, hostField)
        try interpretFraming(bytes, lengthField, codingField)
        head.keepsAlive = head.minorVersion == 1
        if hasConnection {
            let options = try FieldParser.connectionOptions(bytes, &head.fields)
            head.keepsAlive = !options.close && (head.minorVersion == 1 || options.keepAlive)
        }
    }

    @inline(__always)
    private func remember(
        _ position: Int, in slot: inout Int?, else refusal: WireRefusal
    ) throws(WireRefusal) {
        guard slot == nil else { throw refusal }
        slot = position
    }

    /// One `Host`, present in HTTP/1.1, and equal to the authority of an absolute target (RFC 9112, section 3.2).
    private mutating func interpretHost(_ bytes: Span<UInt8>, _ field: Int?) throws(WireRefusal) {
        guard let field else {
            guard head.minorVersion == 0 else { throw .missingHost }
            return
        }
        let value = head.fields[field].value
        let host = bytes.extracting(value.range)
        guard TargetParser.isAuthority(host) else { throw .invalidHost }
        if !head.host.isEmpty, !host.equalsIgnoringCase(bytes.extracting(head.host.range)) { throw .authorityMismatch }
        head.host = value
    }

    /// RFC 9112, sections 6.1 to 6.3, with every repair it allows turned into a refusal.
    private mutating func interpretFraming(
        _ bytes: Span<UInt8>, _ lengthField: Int?, _ codingField: Int?
    ) throws(WireRefusal) {
        if let codingField {
            guard lengthField == nil else { throw .contentLengthWithTransferEncoding }
            guard head.minorVersion == 1 else { throw .transferEncodingInHTTP10 }
            guard bytes.extracting(head.fields[codingField].value.range).equalsIgnoringCase("chunked") else {
                throw .unknownTransferCoding
            }
            head.framing = .chunked
        } else if let lengthField {
            let length = try FieldParser.contentLength(bytes, head.fields[lengthField].value)
            head.framing = length == 0 ? .none : .length(length)
        }
    }
}
