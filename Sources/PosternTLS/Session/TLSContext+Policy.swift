import COpenSSL

extension TLSContext {
    /// Forward secrecy and authenticated encryption only, the quickest first for a machine with AES instructions.
    /// TLS 1.3's three suites are all of that kind and stay as the machine has them.
    static let suites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]

    /// Most wanted first. The second list is for providers without X25519, such as FIPS.
    static let groups = ["X25519:P-256:P-384", "P-256:P-384"]

    /// Versions, suites, groups and options of both roles. The machine's policy is narrowed, never widened.
    func applyPolicy(minimum: TLSVersion, maximum: TLSVersion) throws(TLSConfigurationError) {
        try setVersions(minimum: minimum, maximum: maximum)
        if !MachinePolicy.namesGroups {
            guard Self.groups.contains(where: { postern_ctx_set_groups(pointer, $0) == 1 }) else {
                throw TLSConfigurationError("OpenSSL has no group to agree keys in: \(OpenSSLError.drainText())")
            }
            ERR_clear_error()
        }
        postern_ctx_forbid_old_ways(pointer)
        SSL_CTX_set_max_early_data(pointer, 0)
        SSL_CTX_set_recv_max_early_data(pointer, 0)
        // Buffers of 16 KiB each way are given back whenever a connection rests.
        postern_ctx_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
        SSL_CTX_set_info_callback(pointer, Self.notice)
    }

    private func setVersions(minimum: TLSVersion, maximum: TLSVersion) throws(TLSConfigurationError) {
        let lowest = max(minimum.rawValue, postern_ctx_min_version(pointer))
        let policyMaximum = postern_ctx_max_version(pointer)
        let highest = policyMaximum == 0 ? maximum.rawValue : min(maximum.rawValue, policyMaximum)
        let suites = permittedSuites()
        let low = suites.isEmpty ? max(lowest, TLSVersion.tls13.rawValue) : lowest
        guard low <= highest else {
            throw TLSConfigurationError(
                "the machine's OpenSSL configuration leaves no TLS version between \(minimum) and \(maximum)")
        }
        guard postern_ctx_set_min_version(pointer, low) == 1, postern_ctx_set_max_version(pointer, highest) == 1 else {
            throw TLSConfigurationError("TLS versions cannot be set: \(OpenSSLError.drainText())")
        }
        if !suites.isEmpty, SSL_CTX_set_cipher_list(pointer, suites.joined(separator: ":")) != 1 {
            throw TLSConfigurationError("TLS suites cannot be set: \(OpenSSLError.drainText())")
        }
    }

    /// Our suites as far as the machine's policy has them.
    private func permittedSuites() -> [String] {
        guard let stack = SSL_CTX_get_ciphers(pointer) else { return [] }
        var permitted: Set<String> = []
        for index in 0..<postern_cipher_stack_count(stack) {
            permitted.insert(String(cString: SSL_CIPHER_get_name(postern_cipher_stack_at(stack, index))))
        }
        return Self.suites.filter(permitted.contains)
    }
}
