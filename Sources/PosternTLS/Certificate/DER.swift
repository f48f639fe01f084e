import COpenSSL

/// Between byte arrays and OpenSSL's `d2i` and `i2d` functions.
enum DER {
    /// Decodes one object that fills the bytes; nil for anything else. The caller owns what is returned.
    static func decode(
        _ bytes: [UInt8],
        with decoder: (UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, Int)
            -> OpaquePointer?,
        free: (OpaquePointer?) -> Void
    ) -> OpaquePointer? {
        defer { ERR_clear_error() }
        return bytes.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var cursor = buffer.baseAddress
            guard let end = cursor.map({ $0 + buffer.count }), let object = decoder(nil, &cursor, buffer.count) else {
                return nil
            }
            guard cursor == end else {
                free(object)
                return nil
            }
            return object
        }
    }

    /// What an `i2d` function writes; empty if it fails.
    static func encode(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
        let count = write(nil)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
            var cursor = buffer.baseAddress
            initialized = max(0, Int(write(&cursor)))
        }
    }
}
