import COpenSSL

/// One run of OpenSSL's verifier over one chain: an `X509_STORE_CTX` from its making to its end.
struct Check: ~Copyable {
    private let context: OpaquePointer
    private let untrusted: OpaquePointer?

    /// `anchors` and `presented`, leaf first, must live as long as the check.
    init(_ anchors: AnchorSet, presented: [Certificate], at now: Int) {
        guard let context = X509_STORE_CTX_new() else { preconditionFailure("out of memory") }
        let untrusted = presented.count > 1 ? postern_x509_stack_new() : nil
        for certificate in presented.dropFirst() { postern_x509_stack_push(untrusted, certificate.x509) }
        self.context = context
        self.untrusted = untrusted
        precondition(
            X509_STORE_CTX_init(context, anchors.store, presented[0].x509, untrusted) == 1, "out of memory")
        X509_STORE_CTX_set_time(context, 0, now)
    }

    deinit {
        X509_STORE_CTX_free(context)
        postern_x509_stack_free(untrusted)
        ERR_clear_error()
    }

    /// Demands a name of the leaf. False if it is none that can be looked for.
    func expect(_ peer: ExpectedPeer) -> Bool {
        let parameters = X509_STORE_CTX_get0_param(context)
        switch peer {
        case .host(let name):
            X509_VERIFY_PARAM_set_hostflags(
                parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
            let host = name.hasSuffix(".") ? String(name.dropLast()) : name
            // A leading dot would match any host below the name.
            guard !host.isEmpty, !host.hasPrefix("."), host.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                return false
            }
            return X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) == 1
        case .address(let address): return X509_VERIFY_PARAM_set1_ip_asc(parameters, address) == 1
        case .workload: return true
        }
    }

    /// nil if OpenSSL accepts the chain, else what was found wrong first.
    func run(_ settings: VerificationSettings, lists: [RevocationList]) -> VerificationFailure? {
        var run = Run(needsEveryList: settings.revocation == .require, needsAnchor: settings.requiresAnchor)
        let passed = withUnsafeMutablePointer(to: &run) { run in
            X509_STORE_CTX_set_ex_data(context, 0, run)
            defer { X509_STORE_CTX_set_ex_data(context, 0, nil) }
            return X509_verify_cert(context) == 1
        }
        return passed ? nil : failure(list: lists.first { $0.crl == run.list }, of: lists)
    }

    /// The chain as it was built, leaf first, each certificate with a reference of its own.
    var chain: [Certificate] {
        guard let stack = X509_STORE_CTX_get0_chain(context) else { return [] }
        return (0..<postern_x509_stack_count(stack)).compactMap { index in
            postern_x509_stack_at(stack, index).map { Certificate(retaining: $0) }
        }
    }

    private func failure(list base: RevocationList?, of lists: [RevocationList]) -> VerificationFailure {
        let code = X509_STORE_CTX_get_error(context)
        let certificate = X509_STORE_CTX_get_current_cert(context).map { Certificate(retaining: $0) }
        var list = base
        if code == X509_V_ERR_CERT_REVOKED, let certificate, let base, !base.revokes(certificate) {
            // OpenSSL names the base for what its delta says.
            list = lists.first { $0.isDelta && $0.issuer == base.issuer && $0.revokes(certificate) }
        }
        return VerificationFailure(
            code: code, depth: Int(X509_STORE_CTX_get_error_depth(context)), subject: certificate?.name ?? "",
            alert: TLSAlert(verifyError: code),
            reason: FailureText(code: code, certificate: certificate, list: list).text)
    }

    // MARK: The callback

    /// What the callback needs and keeps for the duration of `run`.
    private struct Run {
        let needsEveryList: Bool
        let needsAnchor: Bool
        /// The list that an error was about, for its identity only: OpenSSL forgets it before it returns.
        var list: OpaquePointer?
    }

    /// OpenSSL's verify callback: called with `passed` 0 for each error, whose return value 1 forgives.
    static func judge(_ passed: Int32, _ context: OpaquePointer?) -> Int32 {
        guard passed == 0, let context, let data = X509_STORE_CTX_get_ex_data(context, 0) else { return passed }
        let run = data.assumingMemoryBound(to: Run.self)
        run.pointee.list = X509_STORE_CTX_get0_current_crl(context)
        switch X509_STORE_CTX_get_error(context) {
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            return isAnchor(context) || (!run.pointee.needsEveryList && !hasList(context)) ? 1 : 0
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            return run.pointee.needsAnchor ? 0 : 1
        default: return 0
        }
    }

    private static func isAnchor(_ context: OpaquePointer) -> Bool {
        X509_STORE_CTX_get_error_depth(context) == postern_x509_stack_count(X509_STORE_CTX_get0_chain(context)) - 1
    }

    /// Whether the store holds a list of the issuer, though not one that could be used: that is not the same as none.
    private static func hasList(_ context: OpaquePointer) -> Bool {
        let chain = X509_STORE_CTX_get0_chain(context)
        let depth = X509_STORE_CTX_get_error_depth(context)
        guard let certificate = postern_x509_stack_at(chain, depth),
            let issuer = postern_x509_stack_at(chain, depth + 1),
            let lists = X509_STORE_CTX_get1_crls(context, X509_get_issuer_name(certificate))
        else { return false }
        defer { postern_crl_stack_free(lists) }
        return (0..<postern_crl_stack_count(lists)).contains { index in
            guard let list = postern_crl_stack_at(lists, index) else { return false }
            return RevocationList.isIssued(list, by: issuer)
        }
    }
}
