import COpenSSL
import Synchronization

/// A certificate of ours, the chain sent with it, and its private key.
///
/// Sendable by this invariant: the key and the stack are made in `init` and only read by OpenSSL afterwards, which
/// guards what it caches in a key with the key's own lock.
package final class TLSCredential: @unchecked Sendable {
    /// Where a private key comes from.
    package enum Key: Sendable {
        /// PEM text, unencrypted.
        case pem([UInt8])
        /// An OSSL_STORE URI, such as `pkcs11:token=postern;object=server` with a provider that the machine's OpenSSL
        /// configuration loads, or `file:/path`.
        case uri(String)
    }

    package let certificate: Certificate
    /// Intermediates, in the order in which they are sent.
    package let chain: [Certificate]
    /// DNS names of the certificate, in lower case, for the choice by server name.
    package let names: [String]
    /// `EVP_PKEY_RSA`, `EVP_PKEY_EC`, …: one credential of each type may serve the same name.
    let keyType: Int32
    private let key: OpaquePointer
    /// Borrows the certificates of `chain`.
    private let stack: OpaquePointer
    private let stapled = Mutex<[UInt8]?>(nil)

    /// - Parameter chainPEM: the certificate first, then its intermediates.
    package init(chainPEM: [UInt8], key source: Key) throws(TLSConfigurationError) {
        var certificates = try Self.certificates(in: chainPEM)
        let leaf = certificates.removeFirst()
        let key = try Self.load(source)
        guard X509_check_private_key(leaf.x509, key) == 1 else {
            ERR_clear_error()
            EVP_PKEY_free(key)
            throw TLSConfigurationError("the private key does not belong to the certificate `\(leaf.name)`")
        }
        guard let stack = postern_x509_stack_new() else {
            EVP_PKEY_free(key)
            throw TLSConfigurationError("no memory for a certificate chain")
        }
        for certificate in certificates { _ = postern_x509_stack_push(stack, certificate.x509) }
        self.certificate = leaf
        self.chain = certificates
        self.key = key
        self.stack = stack
        self.keyType = EVP_PKEY_get_base_id(key)
        let alternatives = try? SubjectAlternativeNames(of: leaf.x509)
        self.names = alternatives?.dns.map { $0.lowercased() } ?? []
    }

    deinit {
        EVP_PKEY_free(key)
        postern_x509_stack_free(stack)
    }

    /// The OCSP response (DER) that clients who ask are given; may be replaced at any time, from any thread.
    package var staple: [UInt8]? {
        get { stapled.withLock { $0 } }
        set { stapled.withLock { $0 = newValue } }
    }

    // MARK: Use

    /// Loads it into a context; OpenSSL keeps references of its own.
    func use(in context: OpaquePointer) throws(TLSConfigurationError) {
        guard SSL_CTX_use_cert_and_key(context, certificate.x509, key, stack, 1) == 1 else {
            throw TLSConfigurationError("`\(certificate.name)` cannot be used: \(OpenSSLError.drainText())")
        }
    }

    /// Loads it into one session.
    /// - Returns: false where OpenSSL refuses; its queue says why.
    func use(inSession ssl: OpaquePointer) -> Bool {
        SSL_use_cert_and_key(ssl, certificate.x509, key, stack, 1) == 1
    }
}
