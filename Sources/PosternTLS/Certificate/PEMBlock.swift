import COpenSSL

/// What could not be read, before it is known to which file it belongs.
struct ReadProblem: Error {
    var item: Int?
    var reason: String
}

/// One `-----BEGIN LABEL-----` block and the bytes in it.
struct PEMBlock {
    let label: String
    let der: [UInt8]

    /// All blocks of a text in their order. Text outside of blocks is commentary (RFC 7468 section 2).
    ///
    /// Throws for a block that does not end, is not base64, or is encrypted.
    static func all(in text: [UInt8]) throws(ReadProblem) -> [PEMBlock] {
        guard let bio = text.withUnsafeBytes({ memory($0) }) else { return [] }
        defer { BIO_free(bio) }
        var blocks: [PEMBlock] = []
        while let block = try next(bio, item: blocks.count + 1) { blocks.append(block) }
        return blocks
    }

    private static func memory(_ bytes: UnsafeRawBufferPointer) -> OpaquePointer? {
        guard bytes.count > 0, let bio = BIO_new(BIO_s_mem()) else { return nil }
        BIO_write(bio, bytes.baseAddress, Int32(bytes.count))
        return bio
    }

    private static func next(_ bio: OpaquePointer, item: Int) throws(ReadProblem) -> PEMBlock? {
        var label: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var count = 0
        ERR_clear_error()
        guard PEM_read_bio(bio, &label, &header, &data, &count) == 1 else {
            let reason = postern_error_reason(postern_error_code())
            ERR_clear_error()
            if reason == PEM_R_NO_START_LINE { return nil }
            throw ReadProblem(item: item, reason: Self.text(reason))
        }
        defer {
            postern_free(label)
            postern_free(header)
            postern_free(data)
        }
        guard let label, let header, let data else { return nil }
        guard header.pointee == 0 else { throw ReadProblem(item: item, reason: "it is encrypted") }
        return PEMBlock(
            label: String(cString: label), der: Array(UnsafeBufferPointer(start: data, count: count)))
    }

    private static func text(_ reason: Int32) -> String {
        switch reason {
        case PEM_R_BAD_END_LINE: "its END line is missing or names another kind"
        case PEM_R_BAD_BASE64_DECODE: "not base64"
        default:
            "not PEM (\(ERR_reason_error_string(postern_pem_error(reason)).map { String(cString: $0) } ?? "unknown"))"
        }
    }
}
