import COpenSSL

/// OpenSSL's form of some anchors and the revocation lists, with the verifier's settings: one `X509_STORE`, shared by all
/// checks.
///
/// Sendable by this invariant: nothing is added after `init`, and OpenSSL guards the store's own look-ups with its lock.
final class AnchorSet: @unchecked Sendable {
    let store: OpaquePointer
    private let anchors: [TrustAnchor]

    init(anchors: [TrustAnchor], revocationLists: [RevocationList], settings: VerificationSettings) {
        self.anchors = anchors
        guard let store = X509_STORE_new() else { preconditionFailure("out of memory") }
        self.store = store
        for anchor in anchors { X509_STORE_add_cert(store, anchor.certificate.x509) }
        if settings.revocation != .off {
            for list in revocationLists { X509_STORE_add_crl(store, list.crl) }
        }
        Self.set(settings, on: X509_STORE_get0_param(store))
        X509_STORE_set_verify_cb(store) { Check.judge($0, $1) }
        ERR_clear_error()
    }

    deinit { X509_STORE_free(store) }

    /// The anchor that a chain ended in; nil where none was asked for.
    func anchor(_ certificate: Certificate) -> TrustAnchor? { anchors.first { $0.certificate == certificate } }

    private static func set(_ settings: VerificationSettings, on parameters: OpaquePointer?) {
        var flags = UInt(X509_V_FLAG_TRUSTED_FIRST)
        if settings.isStrict { flags |= UInt(X509_V_FLAG_X509_STRICT) }
        if settings.acceptsPartialChains { flags |= UInt(X509_V_FLAG_PARTIAL_CHAIN) }
        if settings.revocation != .off {
            flags |= UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL)
            flags |= UInt(X509_V_FLAG_USE_DELTAS | X509_V_FLAG_EXTENDED_CRL_SUPPORT)
        }
        X509_VERIFY_PARAM_set_flags(parameters, flags)
        X509_VERIFY_PARAM_set_depth(parameters, Int32(settings.maximumIntermediates))
        X509_VERIFY_PARAM_set_auth_level(parameters, Int32(settings.securityLevel))
        switch settings.purpose {
        case .client:
            X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT)
            X509_VERIFY_PARAM_set_trust(parameters, X509_TRUST_SSL_CLIENT)
        case .server:
            X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER)
            X509_VERIFY_PARAM_set_trust(parameters, X509_TRUST_SSL_SERVER)
        }
    }
}
