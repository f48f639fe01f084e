import COpenSSL

/// A subject or issuer as text.
enum DistinguishedName {
    /// RFC 4514: the most specific part first, `,` between parts and `+` inside one, special characters, control
    /// characters and NUL escaped with `\`, an unknown attribute as its dotted OID and `#` with the DER in hexadecimal.
    ///
    /// UTF-8 stays readable: RFC 4514 section 2.4 demands no escape for it. nil if a value cannot be converted to
    /// UTF-8 (a damaged UTF8String, a surrogate in a BMPString); such a name identifies nobody.
    static func text(_ name: OpaquePointer?) -> String? {
        guard let name else { return nil }
        return BIOText.read { X509_NAME_print_ex($0, name, 0, postern_distinguished_name_flags()) }
    }
}
