import COpenSSL

/// One X.509 certificate, decoded by OpenSSL and never changed afterwards.
///
/// Holds one reference on its `X509`, given back when the last Swift reference goes.
///
/// Sendable by this invariant: nobody writes the `X509`, its reference count is atomic, and what OpenSSL decodes at the
/// first question and keeps inside (extensions, the public key) it guards with the object's own lock. Nothing is decoded
/// here, because a peer whose chain is remembered needs none of it.
package final class Certificate: @unchecked Sendable {
    /// The object itself, for calls into OpenSSL while this certificate lives. Borrowed: never to be freed or changed.
    package let x509: OpaquePointer

    /// Takes over the caller's reference.
    package init(taking x509: OpaquePointer) {
        self.x509 = x509
    }

    /// Adds a reference of its own.
    package convenience init(retaining x509: OpaquePointer) {
        X509_up_ref(x509)
        self.init(taking: x509)
    }

    deinit { X509_free(x509) }

    /// Reads exactly one certificate in DER; nil if the bytes are not one, or if anything follows it.
    package convenience init?(der: [UInt8]) {
        guard let x509 = DER.decode(der, with: d2i_X509, free: X509_free) else { return nil }
        self.init(taking: x509)
    }

    /// The DER form, as it was signed.
    package var der: [UInt8] { DER.encode { i2d_X509(x509, $0) } }

    /// RFC 7468 text: lines of 64 characters, a line feed after each.
    package var pem: String { BIOText.write { PEM_write_bio_X509($0, x509) } }

    /// SHA-256 of the DER form.
    package var fingerprint: Fingerprint { Fingerprint(of: x509) }

    /// First second of validity, since 1970.
    package var notBefore: Int { CertificateTime.epochSecond(X509_get0_notBefore(x509)) ?? .max }

    /// Last second of validity, since 1970; `.min` for a date that cannot be read, so that it is never valid.
    package var notAfter: Int { CertificateTime.epochSecond(X509_get0_notAfter(x509)) ?? .min }

    /// The subject as RFC 4514 writes it; nil if it is not text.
    package var subject: String? { DistinguishedName.text(X509_get_subject_name(x509)) }

    /// The subject for messages: what cannot be written is said to be so.
    package var name: String {
        guard let subject else { return "(unreadable subject)" }
        return subject.isEmpty ? "(empty subject)" : subject
    }

    /// Subject and issuer are the same and the key identifiers do not deny it (what OpenSSL calls `EXFLAG_SS`).
    package var isSelfSigned: Bool { X509_get_extension_flags(x509) & UInt32(EXFLAG_SS) != 0 }

    /// basicConstraints says that it is an authority.
    package var isAuthority: Bool { X509_get_extension_flags(x509) & UInt32(EXFLAG_CA) != 0 }
}

extension Certificate: Equatable {
    package static func == (left: Certificate, right: Certificate) -> Bool {
        left === right || X509_cmp(left.x509, right.x509) == 0
    }
}
