import COpenSSL

/// SHA-256 of something's DER form, 32 bytes held in place.
package struct Fingerprint: Sendable, Hashable {
    package var words: (UInt64, UInt64, UInt64, UInt64)

    /// Of a certificate.
    init(of x509: OpaquePointer) {
        self.init { X509_digest(x509, Digests.sha256, $0, nil) }
    }

    /// Of several certificates in their order: the digest of their digests.
    init(of certificates: [Certificate]) {
        var digests: [UInt8] = []
        digests.reserveCapacity(certificates.count * 32)
        for certificate in certificates {
            withUnsafeBytes(of: Fingerprint(of: certificate.x509).words) { digests += $0 }
        }
        self.init { EVP_Digest(digests, digests.count, $0, nil, Digests.sha256, nil) }
    }

    /// 32 bytes that `bytes` gave.
    init(_ bytes: ArraySlice<UInt8>) {
        precondition(bytes.count == 32)
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    private init(_ digest: (UnsafeMutablePointer<UInt8>) -> Int32) {
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { bytes in
            let target = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            precondition(digest(target) == 1, "SHA-256 failed")
        }
    }

    /// Lower-case hexadecimal, 64 characters.
    package var text: String {
        withUnsafeBytes(of: words) { Hexadecimal.text($0) }
    }

    package static func == (left: Fingerprint, right: Fingerprint) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        // The bytes are a digest already: any eight of them are as good as all, and equality compares the rest.
        hasher.combine(words.0)
    }
}

/// Digests fetched once: OpenSSL 3 looks an algorithm up in its providers on every use otherwise.
enum Digests {
    /// Never freed, never changed; `EVP_MD` is reference counted and immutable, so threads may share it.
    nonisolated(unsafe) static let sha256: OpaquePointer = EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256()
}
