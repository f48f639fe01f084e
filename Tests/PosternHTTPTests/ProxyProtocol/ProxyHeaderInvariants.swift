// Compiled into the tests and, with the parser's own files, into the fuzz target.
#if canImport(PosternHTTP)
    import PosternHTTP
#endif

/// What holds for every input: nil, or what was broken.
///
/// - Parameter step: prefixes are tried at every multiple of it; 1 tries every way of cutting the input in two.
func violatedProxyHeaderInvariant(_ bytes: [UInt8], step: Int = 1) -> String? {
    let span = bytes.span
    let whole = ProxyHeaderParser.parse(span)
    if case .header(let header, let consumed) = whole {
        if consumed < 1 || consumed > min(bytes.count, ProxyHeaderParser.headerLimit) { return "consumed \(consumed)" }
        if header.isLocal, header.source != nil || header.destination != nil || header.endpointID != nil {
            return "a LOCAL header says something"
        }
        if (header.source == nil) != (header.destination == nil) { return "one address only" }
        if let id = header.endpointID, !id.hasPrefix("vpce-") || id.utf8.count > 128 || id.utf8.contains(where: isOdd) {
            return "endpoint id \(id)"
        }
        if ProxyHeaderParser.parse(span.extracting(0..<consumed)) != whole { return "bytes after the header mattered" }
        if ProxyHeaderParser.parse(span.extracting(0..<consumed - 1)) != .needMore {
            return "its last byte did not matter"
        }
    }
    if whole == .needMore, bytes.count >= ProxyHeaderParser.headerLimit { return "unbounded" }
    for cut in stride(from: 0, to: bytes.count, by: step) {
        let early = ProxyHeaderParser.parse(span.extracting(0..<cut))
        if early != .needMore, early != whole { return "\(early) after \(cut) bytes, then \(whole)" }
    }
    return nil
}

private func isOdd(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): false
    default: true
    }
}
