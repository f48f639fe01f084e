import COpenSSL

extension Certificate {
    /// The DER form in base64 without line breaks (RFC 4648, section 4).
    package var base64: String {
        let bytes = der
        return String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4 + 1) { text in
            // Writes a zero byte behind what it counts.
            Int(EVP_EncodeBlock(text.baseAddress, bytes, Int32(bytes.count)))
        }
    }
}
