/// Reads one field line; shared by request heads, response heads and trailers.
///
/// RFC 9112, section 5: `field-name ":" OWS field-value OWS`, with no white space before the colon, no obsolete folding,
/// and no control bytes but HTAB in the value.
enum FieldParser {
    /// - Parameters:
    ///   - start: the line's first byte.
    ///   - end: one past its last byte, CRLF excluded.
    @inline(__always)
    static func parse(
        _ bytes: Span<UInt8>, start: Int, end: Int, limits: HeadLimits
    ) throws(WireRefusal) -> FieldLine {
        guard end &- start <= limits.fieldBytes else { throw .fieldTooLarge }
        guard let nameEnd = bytes.first(UInt8(ascii: ":"), from: start, to: end), nameEnd > start else {
            throw refusalOfName(bytes, start: start, end: end)
        }
        let known = FieldName.recognise(bytes.extracting(start..<nameEnd))
        // A known name is a token as it stands.
        if known == .other { try checkName(bytes, from: start, to: nameEnd, limits: limits) }
        var valueStart = nameEnd &+ 1
        var valueEnd = end
        while valueStart < valueEnd, isBlank(bytes[valueStart]) { valueStart &+= 1 }
        while valueEnd > valueStart, isBlank(bytes[valueEnd &- 1]) { valueEnd &-= 1 }
        try checkValue(bytes, from: valueStart, to: valueEnd)
        return FieldLine(
            name: HeadRange(start, to: nameEnd), value: HeadRange(valueStart, to: valueEnd), known: known)
    }

    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

    @inline(__always)
    private static func checkName(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, limits: HeadLimits
    ) throws(WireRefusal) {
        for index in start..<end {
            guard ASCII.isToken(bytes[index]) else { throw refusalOfName(bytes, start: start, end: end) }
            if bytes[index] == UInt8(ascii: "_"), !limits.underscoresInNames { throw .underscoreInName }
        }
    }

    private static func refusalOfName(_ bytes: Span<UInt8>, start: Int, end: Int) -> WireRefusal {
        var index = start
        while index < end, ASCII.isToken(bytes[index]) { index &+= 1 }
        guard index < end else { return .invalidFieldName }
        if isBlank(bytes[index]) { return index == start ? .obsoleteFolding : .spaceBeforeColon }
        return bytes[index] == ASCII.cr ? .bareCarriageReturn : .invalidFieldName
    }

    /// Eight bytes at a time: any byte under 0x20 or equal to 0x7F sends the word to the slow, exact check.
    @inline(__always)
    private static func checkValue(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(WireRefusal) {
        var index = start
        while index &+ 8 <= end {
            let word = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let below = (word &- 0x2020_2020_2020_2020) & ~word
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let isDelete = (delete &- 0x0101_0101_0101_0101) & ~delete
            if (below | isDelete) & 0x8080_8080_8080_8080 != 0 {
                try checkBytes(bytes, from: index, to: index &+ 8)
            }
            index &+= 8
        }
        try checkBytes(bytes, from: index, to: end)
    }

    @inline(__always)
    private static func checkBytes(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(WireRefusal) {
        var index = start
        while index < end {
            let byte = bytes[index]
            if (byte < 0x20 && byte != ASCII.tab) || byte == 0x7F {
                throw byte == ASCII.cr ? .bareCarriageReturn : .controlInField
            }
            index &+= 1
        }
    }

    /// Digits only, no sign, no list, at most 2^53 so that no arithmetic on it can overflow (RFC 9110, section 8.6).
    static func contentLength(_ bytes: Span<UInt8>, _ value: HeadRange) throws(WireRefusal) -> Int {
        guard value.length > 0, value.length <= 16 else { throw .invalidContentLength }
        var number = 0
        for index in value.range {
            guard ASCII.isDigit(bytes[index]) else { throw .invalidContentLength }
            number = number &* 10 &+ Int(bytes[index] &- 0x30)
        }
        guard number <= 1 << 53 else { throw .invalidContentLength }
        return number
    }

    /// The next element of a comma-separated field value, without its white space; empty elements are skipped
    /// (RFC 9110, section 5.6.1). `index` moves behind it.
    static func nextToken(_ bytes: Span<UInt8>, from index: inout Int, to end: Int) -> Range<Int>? {
        while index < end {
            var first = index
            var last = index
            while last < end, bytes[last] != UInt8(ascii: ",") { last &+= 1 }
            index = last &+ 1
            while first < last, isBlank(bytes[first]) { first &+= 1 }
            while last > first, isBlank(bytes[last &- 1]) { last &-= 1 }
            if first < last { return first..<last }
        }
        return nil
    }

    /// Reads every `Connection` field: marks the fields it names as meant for this hop, and tells `close` and `keep-alive`.
    ///
    /// Naming `Host` or a framing field removes nothing: those are made anew by us in any case. Options are bounded, since
    /// each is compared with every field.
    static func connectionOptions(
        _ bytes: Span<UInt8>, _ fields: inout [FieldLine]
    ) throws(WireRefusal) -> (close: Bool, keepAlive: Bool) {
        var options = 0
        var close = false
        var keepAlive = false
        for position in 0..<fields.count where fields[position].known == .connection {
            let value = fields[position].value.range
            var index = value.lowerBound
            while let token = nextToken(bytes, from: &index, to: value.upperBound) {
                options &+= 1
                guard options <= 32 else { throw .tooManyFields }
                let name = bytes.extracting(token)
                if name.equalsIgnoringCase("close") {
                    close = true
                } else if name.equalsIgnoringCase("keep-alive") {
                    keepAlive = true
                } else {
                    markHopByHop(name, bytes, &fields)
                }
            }
        }
        return (close, keepAlive)
    }

    private static func markHopByHop(_ name: Span<UInt8>, _ bytes: Span<UInt8>, _ fields: inout [FieldLine]) {
        for position in 0..<fields.count
        where bytes.extracting(fields[position].name.range).equalsIgnoringCase(name) {
            fields[position].isHopByHop = true
        }
    }
}
