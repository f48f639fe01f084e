import COpenSSL

/// What the machine's OpenSSL configuration says about TLS, where OpenSSL applies it without telling.
enum MachinePolicy {
    /// Whether `openssl_conf` → `ssl_conf` → `system_default` names groups (config(5), SSL_CONF_cmd(3)). They have been
    /// applied to every new context; ours would replace them.
    static let namesGroups: Bool = {
        guard let configuration = NCONF_new(nil) else { return false }
        defer { NCONF_free(configuration) }
        guard let file = CONF_get1_default_config_file() else { return false }
        defer { postern_free(file) }
        var line = 0
        guard NCONF_load(configuration, file, &line) > 0,
            let libraries = value("openssl_conf", in: nil, of: configuration),
            let tls = value("ssl_conf", in: libraries, of: configuration),
            let defaults = value("system_default", in: tls, of: configuration)
        else {
            ERR_clear_error()
            return false
        }
        let isNamed = ["Groups", "Curves"].contains { value($0, in: defaults, of: configuration) != nil }
        ERR_clear_error()
        return isNamed
    }()

    private static func value(
        _ name: String, in section: UnsafePointer<CChar>?, of configuration: UnsafeMutablePointer<CONF>
    ) -> UnsafePointer<CChar>? {
        // The text belongs to the configuration.
        UnsafePointer(NCONF_get_string(configuration, section, name))
    }
}
