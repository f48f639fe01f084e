import COpenSSL

/// Text that OpenSSL writes into a memory BIO.
enum BIOText {
    /// What `write` printed; nil if it failed (a negative result) or if the bytes are not UTF-8.
    static func read(_ write: (OpaquePointer) -> Int32) -> String? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard write(bio) >= 0 else {
            ERR_clear_error()
            return nil
        }
        var bytes: UnsafeMutablePointer<CChar>?
        let count = postern_bio_bytes(bio, &bytes)
        guard let bytes, count > 0 else { return "" }
        let raw = UnsafeRawBufferPointer(start: bytes, count: count)
        return String(validating: raw, as: UTF8.self)
    }

    /// The same for what cannot fail but for want of memory.
    static func write(_ write: (OpaquePointer) -> Int32) -> String { read(write) ?? "" }
}
