// Compiled into the tests and, with the decoder's own files, into the fuzz target.
#if canImport(PosternHTTP)
    import PosternHTTP
#endif

/// What a chunked body said.
struct ChunkedReading: Equatable {
    var content: [UInt8] = []
    var trailers: [String] = []
    /// Bytes of the body with its framing; what follows is not its own.
    var consumed = 0
}

/// Reads bytes that arrive in the parts that end at `cuts`, and then the rest; nil while the end is missing.
func readChunked(
    _ bytes: [UInt8], cuts: some Sequence<Int> = [], limits: HeadLimits = HeadLimits()
) -> Result<ChunkedReading?, WireRefusal> {
    var decoder = ChunkedDecoder(limits: limits)
    var reading = ChunkedReading()
    do throws(WireRefusal) {
        for cut in Array(cuts) + [bytes.count] {
            var goesOn = true
            while goesOn {
                let start = reading.consumed
                switch try decoder.step(bytes.span.extracting(start..<max(start, cut))) {
                case .needMore(let consumed):
                    reading.consumed += consumed
                    goesOn = consumed > 0
                case .data(let skip, let length):
                    reading.content += bytes[(start + skip)..<(start + skip + length)]
                    reading.consumed += skip + length
                case .end(let consumed):
                    for line in decoder.trailers {
                        let name = bytes[start...].dropFirst(Int(line.name.start)).prefix(Int(line.name.length))
                        let value = bytes[start...].dropFirst(Int(line.value.start)).prefix(Int(line.value.length))
                        reading.trailers.append(
                            String(decoding: name, as: UTF8.self) + ": " + String(decoding: value, as: UTF8.self))
                    }
                    reading.consumed += consumed
                    return .success(reading)
                }
            }
        }
        return .success(nil)
    } catch {
        return .failure(error)
    }
}

/// What holds for every input: nil, or what was broken.
///
/// - Parameter step: the input is cut in two at every multiple of it; 1 tries every way.
func violatedChunkedBodyInvariant(_ bytes: [UInt8], step: Int = 1) -> String? {
    for limits in [HeadLimits(), HeadLimits(headBytes: 64, fields: 3, fieldBytes: 24)] {
        let whole = readChunked(bytes, limits: limits)
        for cut in stride(from: 0, to: bytes.count, by: step) {
            let parts = readChunked(bytes, cuts: [cut], limits: limits)
            if !agree(parts, whole) { return "\(parts), cut at \(cut), but \(whole)" }
        }
        let parts = readChunked(bytes, cuts: stride(from: 0, to: bytes.count, by: step), limits: limits)
        if !agree(parts, whole) { return "\(parts) in parts, but \(whole)" }
        guard case .success(let reading?) = whole else { continue }
        if reading.consumed > bytes.count { return "consumed \(reading.consumed)" }
        if let difference = naiveDifference(Array(bytes[..<reading.consumed]), reading) { return difference }
    }
    return nil
}

/// Which of several limits was reached first may depend on how the bytes came; that one was may not.
private func agree(_ one: Result<ChunkedReading?, WireRefusal>, _ other: Result<ChunkedReading?, WireRefusal>) -> Bool {
    if one == other { return true }
    guard case .failure(let first) = one, case .failure(let second) = other else { return false }
    return first.status == 431 || second.status == 431
}

/// A second reader, as simple as can be: whole lines, then counted bytes.
private func naiveDifference(_ bytes: [UInt8], _ reading: ChunkedReading) -> String? {
    var rest = bytes[...]
    func line() -> ArraySlice<UInt8>? {
        guard let lineFeed = rest.firstIndex(of: 0x0A), lineFeed > rest.startIndex, rest[lineFeed - 1] == 0x0D else {
            return nil
        }
        defer { rest = rest[(lineFeed + 1)...] }
        return rest[..<(lineFeed - 1)]
    }
    var content: [UInt8] = []
    while true {
        guard let head = line() else { return "a line without its end" }
        if head.contains(0x0D) || head.contains(0) { return "a control byte in a size line" }
        let digits = head.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        guard let size = UInt64(String(decoding: digits, as: UTF8.self), radix: 16), digits.first != UInt8(ascii: "+")
        else {
            return "a size that is none"
        }
        if size == 0 { break }
        if size > rest.count { return "a chunk that is not all there" }
        content += rest.prefix(Int(size))
        rest = rest.dropFirst(Int(size))
        if rest.prefix(2) != [0x0D, 0x0A] { return "no CRLF behind a chunk" }
        rest = rest.dropFirst(2)
    }
    if content != reading.content { return "another content" }
    var trailers = 0
    while let field = line(), !field.isEmpty {
        if field.contains(0x0D) || field.contains(0) { return "a control byte in a trailer" }
        trailers += 1
    }
    if trailers != reading.trailers.count { return "another number of trailers" }
    return rest.isEmpty ? nil : "bytes behind the end"
}
