import COpenSSL
import Glibc

/// A session that may be resumed, and whom it proved.
///
/// Owns one reference on an `SSL_SESSION`.
///
/// Sendable by this invariant: an `SSL_SESSION` that is resumable is only read, and counted atomically; what OpenSSL
/// changes in a connection it changes in a copy (ssl/statem/statem_srvr.c, `tls_construct_new_session_ticket`).
final class StoredSession: @unchecked Sendable {
    let pointer: OpaquePointer
    let peer: VerifiedPeer?

    /// Takes over the reference.
    init(taking pointer: OpaquePointer, peer: VerifiedPeer?) {
        self.pointer = pointer
        self.peer = peer
    }

    deinit { SSL_SESSION_free(pointer) }

    /// Whether there is time left, and no connection has broken it.
    var isFresh: Bool {
        let age = Glibc.time(nil) - SSL_SESSION_get_time(pointer)
        return age >= 0 && age < SSL_SESSION_get_timeout(pointer) && SSL_SESSION_is_resumable(pointer) == 1
    }

    /// A TLS 1.3 ticket shows an observer that two connections belong together, so a client uses it once (RFC 8446,
    /// appendix C.4).
    var isUsedOnce: Bool { SSL_SESSION_get_protocol_version(pointer) >= TLSVersion.tls13.rawValue }
}
