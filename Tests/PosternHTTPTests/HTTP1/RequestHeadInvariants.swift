// Compiled into the tests and, with the parser's own files, into the fuzz target.
#if canImport(PosternHTTP)
    import PosternHTTP
#endif

/// What holds for every input: nil, or what was broken.
///
/// - Parameter step: the input is cut in two at every multiple of it; 1 tries every way.
func violatedRequestHeadInvariant(_ bytes: [UInt8], step: Int = 1) -> String? {
    let small = HeadLimits(headBytes: 256, fields: 6, fieldBytes: 64, targetBytes: 48, underscoresInNames: true)
    for limits in [HeadLimits(), small] {
        let whole = read(bytes, [], limits)
        for cut in stride(from: 0, to: bytes.count, by: step) {
            let parts = read(bytes, [cut], limits)
            if !agree(parts, whole) { return "\(parts), cut at \(cut), but \(whole)" }
        }
        let parts = read(bytes, Array(stride(from: 0, to: bytes.count, by: step)), limits)
        if !agree(parts, whole) { return "\(parts) in parts, but \(whole)" }
        guard case .success(let head?) = whole else { continue }
        if let flaw = flaw(in: head, Array(bytes[..<head.length]), limits) { return flaw }
        // What we would send on means the same to the next reader of our kind; it may be a little longer, in spaces.
        var again = head
        again.length = head.reframed.count
        again.hadBlankLine = false
        let rereading = read(head.reframed, [], HeadLimits(underscoresInNames: limits.underscoresInNames))
        if rereading != .success(again), head.reframed.count <= 60_000 {
            return "it reads \(rereading) when it is sent again, but was \(head)"
        }
    }
    return nil
}

/// All that an accepted head says, without its places.
private struct Reading: Equatable {
    var length = 0
    var hadBlankLine = false
    var method: [UInt8] = []
    var path: [UInt8] = []
    var query: [UInt8]?
    var host: [UInt8] = []
    var framing = BodyFraming.none
    var keepsAlive = false
    var expectsContinue = false
    var minorVersion: UInt8 = 1
    var fields: [Field] = []

    struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
        var known: FieldName
        var isHopByHop: Bool
    }

    /// The head written anew. A host that only an absolute target named stays in one.
    var reframed: [UInt8] {
        let hasHost = fields.contains { $0.known == .host }
        var bytes = method + [0x20]
        if !hasHost, !host.isEmpty { bytes += Array("http://".utf8) + host }
        bytes += path + (query.map { [UInt8(ascii: "?")] + $0 } ?? [])
        bytes += Array(" HTTP/1.\(minorVersion)\r\n".utf8)
        for field in fields { bytes += field.name + Array(": ".utf8) + field.value + [0x0D, 0x0A] }
        return bytes + [0x0D, 0x0A]
    }
}

private func read(_ bytes: [UInt8], _ cuts: [Int], _ limits: HeadLimits) -> Result<Reading?, WireRefusal> {
    var parser = RequestHeadParser(limits: limits)
    do throws(WireRefusal) {
        for cut in cuts + [bytes.count] {
            guard let length = try parser.parse(bytes.span.extracting(0..<cut)) else { continue }
            let head = parser.head
            func part(_ range: HeadRange) -> [UInt8] { Array(bytes[range.range]) }
            return .success(
                Reading(
                    length: length, hadBlankLine: bytes.first == 0x0D, method: part(head.methodRange),
                    path: part(head.path),
                    query: head.hasQuery ? part(head.query) : nil, host: part(head.host), framing: head.framing,
                    keepsAlive: head.keepsAlive, expectsContinue: head.expectsContinue, minorVersion: head.minorVersion,
                    fields: head.fields.map {
                        .init(name: part($0.name), value: part($0.value), known: $0.known, isHopByHop: $0.isHopByHop)
                    }))
        }
        return .success(nil)
    } catch {
        return .failure(error)
    }
}

/// Which of several limits was reached first may depend on how the bytes came; that one was may not.
private func agree(_ one: Result<Reading?, WireRefusal>, _ other: Result<Reading?, WireRefusal>) -> Bool {
    if one == other { return true }
    guard case .failure(let first) = one, case .failure(let second) = other else { return false }
    return [414, 431].contains(first.status) || [414, 431].contains(second.status)
}

/// A second reader, as simple as can be, who must see the same message.
private func flaw(in head: Reading, _ bytes: [UInt8], _ limits: HeadLimits) -> String? {
    if bytes.count > limits.headBytes { return "a head of \(bytes.count) bytes" }
    // Every CR and LF belongs to a CRLF at the end of a line.
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    guard lines.allSatisfy({ $0.last == 0x0D && !$0.dropLast().contains(0x0D) }) else { return "a bare CR or LF" }
    if head.hadBlankLine { lines = lines.dropFirst() }
    let texts = lines.map { Array($0.dropLast()) }
    guard texts.count >= 2, texts.last!.isEmpty, !texts.dropLast().contains([]) else { return "an empty line within" }
    guard texts[0].filter({ $0 == 0x20 }).count == 2, !texts[0].contains(where: { $0 < 0x20 || $0 > 0x7E }) else {
        return "an odd request line"
    }
    let fields = texts.dropFirst().dropLast()
    guard fields.count == head.fields.count else { return "another number of fields" }
    var lengths = 0
    var codings = 0
    var hosts = 0
    for (text, field) in zip(fields, head.fields) {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), Array(text[..<colon]) == field.name,
            trimmed(text[(colon + 1)...]) == field.value
        else { return "another field" }
        guard !field.name.isEmpty, field.name.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return "an odd name" }
        guard field.value.allSatisfy({ ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }) else { return "an odd value" }
        switch String(decoding: field.name, as: UTF8.self).lowercased() {
        case "content-length":
            lengths += 1
            let length = Int(String(decoding: field.value, as: UTF8.self))
            if head.framing != (length == 0 ? .none : .length(length ?? -1)) { return "another length" }
        case "transfer-encoding":
            codings += 1
            if head.framing != .chunked { return "a coding that was not seen" }
        case "host":
            hosts += 1
            if field.value != head.host { return "another host" }
        default: break
        }
    }
    if lengths + codings > 1 || hosts > 1 || (hosts == 0 && head.minorVersion == 1) { return "fields that disagree" }
    if lengths + codings == 0, head.framing != .none { return "framing from nowhere" }
    return pathFlaw(head.path)
}

private func pathFlaw(_ path: [UInt8]) -> String? {
    guard path.first == UInt8(ascii: "/") else { return "a path without its slash" }
    let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
        if segment.isEmpty, index < segments.count - 1 { return "an empty segment" }
        let name = String(decoding: segment.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        if name == "." || name == ".." { return "a dot segment" }
    }
    let text = String(decoding: path, as: UTF8.self).lowercased()
    for escape in ["%2f", "%5c", "%2e", "%00", "%0a", "%0d"] where text.contains(escape) {
        return "\(escape) in a path"
    }
    return path.contains { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "#") }
        ? "an odd byte in a path" : nil
}

private func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var bytes = bytes
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
    return Array(bytes)
}
