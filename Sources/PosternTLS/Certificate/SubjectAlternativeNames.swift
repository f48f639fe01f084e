import COpenSSL
import Glibc

/// The names of the subjectAltName extension (RFC 5280 section 4.2.1.6), in the order of the certificate.
///
/// Kinds that name no host and no workload (otherName, directoryName, x400Address, ediPartyName, registeredID) count
/// toward the limit and are left out.
package struct SubjectAlternativeNames: Sendable, Equatable {
    /// More than any honest certificate; each costs time wherever policy looks at them.
    package static let mostNames = 256
    /// The longest DNS name as text (RFC 1035 section 2.3.4).
    static let longestDNS = 253
    /// The longest SPIFFE ID; longer URIs are refused with it.
    static let longestURI = 2048
    /// 64 of the local part, `@`, 255 of the domain (RFC 5321 section 4.5.3.1).
    static let longestEmail = 320

    package var dns: [String] = []
    package var uri: [String] = []
    /// `192.0.2.1`, or RFC 5952 for IPv6.
    package var ip: [String] = []
    package var email: [String] = []

    package init() {}

    /// Reads a certificate; without the extension all lists are empty.
    ///
    /// Throws for an extension that cannot be decoded or comes twice, for too many names, and for a name that its type
    /// cannot hold: control characters (NUL among them), spaces in a URI, anything beyond ASCII, a wrong length.
    init(of x509: OpaquePointer) throws(IdentityProblem) {
        var critical: Int32 = 0
        let decoded = X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nil)
        guard let decoded else {
            ERR_clear_error()
            switch critical {
            case -1: return
            case -2: throw .init("the extension subjectAltName comes more than once")
            default: throw .init("the extension subjectAltName cannot be decoded")
            }
        }
        let names = OpaquePointer(decoded)
        defer { GENERAL_NAMES_free(names) }
        let count = Int(postern_general_names_count(names))
        guard count <= Self.mostNames else {
            throw .init("\(count) subject alternative names are more than \(Self.mostNames)")
        }
        for index in 0..<Int32(count) { try add(postern_general_names_at(names, index)) }
    }

    private mutating func add(_ name: UnsafeMutablePointer<GENERAL_NAME>) throws(IdentityProblem) {
        var kind: Int32 = 0
        guard let value = GENERAL_NAME_get0_value(name, &kind) else { return }
        switch kind {
        case GEN_DNS: dns.append(try text(of: value, kind: "DNS", longest: Self.longestDNS))
        case GEN_URI: uri.append(try text(of: value, kind: "URI", longest: Self.longestURI))
        case GEN_EMAIL: email.append(try text(of: value, kind: "email", longest: Self.longestEmail, space: true))
        case GEN_IPADD: ip.append(try address(of: value))
        default: break
        }
    }

    private func text(
        of value: UnsafeMutableRawPointer, kind: String, longest: Int, space: Bool = false
    ) throws(IdentityProblem) -> String {
        let bytes = Self.bytes(of: value)
        guard !bytes.isEmpty else { throw .init("a subject alternative name of kind \(kind) is empty") }
        guard bytes.count <= longest else {
            throw .init("a subject alternative name of kind \(kind) has \(bytes.count) bytes, more than \(longest)")
        }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) || (space && $0 == 0x20) }) else {
            throw .init("a subject alternative name of kind \(kind) holds bytes that are not printable ASCII")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func address(of value: UnsafeMutableRawPointer) throws(IdentityProblem) -> String {
        let bytes = Self.bytes(of: value)
        guard bytes.count == 4 || bytes.count == 16 else {
            throw .init("a subject alternative name of kind IP has \(bytes.count) bytes, not 4 or 16")
        }
        return String(unsafeUninitializedCapacity: 48) { text in
            let family = bytes.count == 4 ? AF_INET : AF_INET6
            let characters = UnsafeMutableRawBufferPointer(text).assumingMemoryBound(to: CChar.self)
            inet_ntop(family, bytes.baseAddress, characters.baseAddress, UInt32(characters.count))
            return strlen(characters.baseAddress!)
        }
    }

    private static func bytes(of value: UnsafeMutableRawPointer) -> UnsafeBufferPointer<UInt8> {
        let string = value.assumingMemoryBound(to: ASN1_STRING.self)
        return UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
    }
}
