/// Reads a request target (RFC 9112, section 3.2) and holds its path to one spelling.
///
/// The router and the policy see the same path, so a path that two readers could take differently is refused by name:
/// an encoded separator or control (`%2F`, `%5C`, `%00`), an encoded dot or letter that needs no encoding, dot segments
/// (with path parameters too) and empty segments. What is left differs from its canonical form only in the case of
/// hexadecimal digits.
enum TargetParser {
    static func parse(
        _ bytes: Span<UInt8>, _ target: Range<Int>, into head: inout RequestHeadIndex
    ) throws(WireRefusal) {
        guard !target.isEmpty else { throw .malformedRequestLine }
        head.target = HeadRange(target.lowerBound, to: target.upperBound)
        var pathStart = target.lowerBound
        if bytes[pathStart] != UInt8(ascii: "/") {
            pathStart = try authorityEnd(bytes, target, into: &head)
        }
        try parsePathAndQuery(bytes, pathStart..<target.upperBound, into: &head)
    }

    /// The absolute form: its authority becomes the host, which a `Host` field may only repeat.
    private static func authorityEnd(
        _ bytes: Span<UInt8>, _ target: Range<Int>, into head: inout RequestHeadIndex
    ) throws(WireRefusal) -> Int {
        let scheme = bytes.extracting(target)
        let length: Int
        if scheme.count > 7, scheme.extracting(0..<7).equalsIgnoringCase("http://") {
            length = 7
        } else if scheme.count > 8, scheme.extracting(0..<8).equalsIgnoringCase("https://") {
            length = 8
        } else {
            throw .invalidTarget
        }
        let start = target.lowerBound + length
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/") { end &+= 1 }
        guard end < target.upperBound, isAuthority(bytes.extracting(start..<end)) else { throw .invalidTarget }
        head.host = HeadRange(start, to: end)
        return end
    }

    /// `host [":" port]`, no user information (RFC 9110, section 4.2.4).
    static func isAuthority(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0, bytes.count <= 255 + 6 else { return false }
        var index = 0
        if bytes[0] == UInt8(ascii: "[") {
            while index < bytes.count, bytes[index] != UInt8(ascii: "]") {
                let byte = bytes[index]
                let isAddress = ASCII.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
                guard isAddress || index == 0 else { return false }
                index &+= 1
            }
            guard index < bytes.count else { return false }
            index &+= 1
        } else {
            while index < bytes.count, isHostName(bytes[index]) { index &+= 1 }
            guard index > 0 else { return false }
        }
        guard index < bytes.count else { return true }
        guard bytes[index] == UInt8(ascii: ":"), bytes.count &- index <= 6 else { return false }
        index &+= 1
        while index < bytes.count {
            guard ASCII.isDigit(bytes[index]) else { return false }
            index &+= 1
        }
        return true
    }

    private static func isHostName(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower &- 0x61 < 26 || ASCII.isDigit(byte)
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func parsePathAndQuery(
        _ bytes: Span<UInt8>, _ range: Range<Int>, into head: inout RequestHeadIndex
    ) throws(WireRefusal) {
        var index = range.lowerBound
        let end = range.upperBound
        var segmentStart = index &+ 1
        while index < end {
            let byte = bytes[index]
            guard ASCII.isPath(byte) else { break }
            if byte == UInt8(ascii: "/") {
                if index > range.lowerBound { try checkSegment(bytes, segmentStart, index, isLast: false) }
                segmentStart = index &+ 1
            } else if byte == UInt8(ascii: "%") {
                try checkEscape(bytes, at: index, end: end, into: &head)
                index &+= 2
            }
            index &+= 1
        }
        try checkSegment(bytes, segmentStart, index, isLast: true)
        head.path = HeadRange(range.lowerBound, to: index)
        guard index < end else { return }
        guard bytes[index] == UInt8(ascii: "?") else { throw .invalidTarget }
        head.hasQuery = true
        head.query = HeadRange(index &+ 1, to: end)
        try checkQuery(bytes, index &+ 1, end)
    }

    @inline(__always)
    private static func checkSegment(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, isLast: Bool) throws(WireRefusal) {
        switch end &- start {
        case 0: if !isLast { throw .emptySegment }
        case 1: if bytes[start] == UInt8(ascii: ".") { throw .dotSegment }
        case 2:
            if bytes[start] == UInt8(ascii: "."), bytes[start &+ 1] == UInt8(ascii: ".") { throw .dotSegment }
        default: break
        }
        if end > start, bytes[start] == UInt8(ascii: ".") { try checkParameters(bytes, start, end) }
    }

    /// `.;x` and `..;x` are dot segments to servers that cut path parameters off first, and names to all others.
    private static func checkParameters(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) throws(WireRefusal) {
        var index = start &+ 1
        if index < end, bytes[index] == UInt8(ascii: ".") { index &+= 1 }
        if index < end, bytes[index] == UInt8(ascii: ";") { throw .ambiguousPath }
    }

    private static func checkEscape(
        _ bytes: Span<UInt8>, at index: Int, end: Int, into head: inout RequestHeadIndex
    ) throws(WireRefusal) {
        guard index &+ 2 < end, let high = ASCII.hexValue(bytes[index &+ 1]),
            let low = ASCII.hexValue(bytes[index &+ 2])
        else { throw .invalidEscape }
        let decoded = high << 4 | low
        if decoded < 0x20 || decoded == 0x7F || decoded == UInt8(ascii: "/") || decoded == UInt8(ascii: "\\") {
            throw .encodedSeparator
        }
        let lower = decoded | 0x20
        if lower &- 0x61 < 26 || ASCII.isDigit(decoded) || decoded == UInt8(ascii: ".") || decoded == UInt8(ascii: "-")
            || decoded == UInt8(ascii: "_") || decoded == UInt8(ascii: "~")
        {
            throw .encodedUnreserved
        }
        if bytes[index &+ 1] >= 0x61 || bytes[index &+ 2] >= 0x61 { head.hasLowercaseEscapes = true }
    }

    private static func checkQuery(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) throws(WireRefusal) {
        var index = start
        while index < end {
            guard ASCII.isQuery(bytes[index]) else { throw .invalidTarget }
            index &+= 1
        }
    }
}
