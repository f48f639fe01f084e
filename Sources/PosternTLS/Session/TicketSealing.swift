import COpenSSL

/// How tickets are sealed: AES-256-CBC, then HMAC-SHA-256 (RFC 5077, section 4).
enum TicketSealing {
    /// Fetched once; OpenSSL would look it up for every ticket. nil where the machine's providers do not have it.
    ///
    /// Not isolated: an `EVP_CIPHER` is immutable and lives as long as the process.
    private nonisolated(unsafe) static let cipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)

    /// OpenSSL's ticket key callback: prepares `cipherContext` and `macContext` to seal a new ticket or to open one.
    ///
    /// - Returns: 1 go on, 0 no such key, 2 opened but to be renewed, negative failed.
    static let callback:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?,
            Int32
        ) -> Int32 = { ssl, name, vector, cipherContext, macContext, seals in
            guard let session = TLSSession.of(ssl), let keys = session.context.ticketKeys, let name, let vector
            else { return -1 }
            if seals == 1 {
                let key = keys.sealing
                guard RAND_bytes(vector, 16) == 1 else { return -1 }
                UnsafeMutableRawPointer(name).copyMemory(from: key.name.baseAddress!, byteCount: 16)
                return prepare(key, vector, cipherContext, macContext, seals: 1) ? 1 : -1
            }
            guard let (key, isOld) = keys.opening(UnsafeRawBufferPointer(start: name, count: 16)) else { return 0 }
            guard prepare(key, vector, cipherContext, macContext, seals: 0) else { return -1 }
            // A TLS 1.3 ticket is used once, so its connection gives the next.
            return isOld || SSL_version(ssl) >= TLSVersion.tls13.rawValue ? 2 : 1
        }

    private static func prepare(
        _ key: TicketKey, _ vector: UnsafeMutablePointer<UInt8>, _ cipherContext: OpaquePointer?,
        _ macContext: OpaquePointer?, seals: Int32
    ) -> Bool {
        let encryption = key.encryptionKey.assumingMemoryBound(to: UInt8.self)
        guard EVP_CipherInit_ex(cipherContext, cipher, nil, encryption.baseAddress, vector, seals) == 1 else {
            return false
        }
        let authentication = key.authenticationKey
        return postern_mac_begin(macContext, authentication.baseAddress, authentication.count) == 1
    }
}
