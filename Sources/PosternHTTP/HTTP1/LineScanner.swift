/// Cuts a growing buffer into lines that end in CRLF, without looking at any byte twice.
///
/// A bare LF is refused (RFC 9112, section 2.2 lets a recipient accept it; accepting it is how parsers come to disagree).
/// A bare CR inside a line is refused by whoever reads the line.
struct LineScanner: Sendable {
    /// The first byte of the line being collected.
    private(set) var lineStart = 0
    /// Bytes before this offset hold no LF of that line.
    private var scanned = 0

    /// - Returns: the next whole line without its CRLF, or nil when more bytes are needed.
    @inline(__always)
    mutating func nextLine(_ bytes: Span<UInt8>) throws(WireRefusal) -> Range<Int>? {
        guard let lineFeed = bytes.first(ASCII.lf, from: scanned, to: bytes.count) else {
            scanned = bytes.count
            return nil
        }
        guard lineFeed > lineStart, bytes[lineFeed &- 1] == ASCII.cr else { throw .bareLineFeed }
        let line = lineStart..<(lineFeed &- 1)
        lineStart = lineFeed &+ 1
        scanned = lineStart
        return line
    }
}

/// Collects field lines up to the empty line that ends a head or a trailer section.
struct FieldSectionParser: Sendable {
    var scanner = LineScanner()

    /// - Returns: the offset behind the final empty line, or nil when more bytes are needed.
    @inline(__always)
    mutating func parse(
        _ bytes: Span<UInt8>, into fields: inout [FieldLine], limits: HeadLimits
    ) throws(WireRefusal) -> Int? {
        while let line = try scanner.nextLine(bytes) {
            if line.isEmpty {
                guard scanner.lineStart <= limits.headBytes else { throw .headTooLarge }
                return scanner.lineStart
            }
            // Before anything is read from the line, since field positions are 16-bit.
            guard line.upperBound < limits.headBytes else { throw .headTooLarge }
            guard fields.count < limits.fields else { throw .tooManyFields }
            fields.append(try FieldParser.parse(bytes, start: line.lowerBound, end: line.upperBound, limits: limits))
        }
        guard bytes.count < limits.headBytes else { throw .headTooLarge }
        guard bytes.count &- scanner.lineStart <= limits.fieldBytes &+ 1 else { throw .fieldTooLarge }
        return nil
    }
}
