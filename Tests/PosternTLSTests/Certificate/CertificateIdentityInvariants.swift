#if canImport(PosternTLS)
    @testable import PosternTLS
#endif

/// What holds for every input of the identity parser, whoever made it: nil, or the promise that was broken.
///
/// Shared by the unit tests, which replay the corpus, and by the fuzzer.
func violatedCertificateIdentityInvariant(_ bytes: [UInt8]) -> String? {
    guard let certificate = Certificate(der: bytes) else { return nil }
    let reread = Certificate(der: certificate.der)
    guard reread == certificate else { return "the DER form does not read back" }
    guard let identity = try? CertificateIdentity([certificate]) else { return nil }
    let names = identity.names
    let texts = [identity.subject, identity.issuer] + names.dns + names.uri + names.ip + names.email
    for text in texts where text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
        return "a control character in `\(text)`"
    }
    for text in names.dns + names.uri where text.isEmpty || !text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
        return "`\(text)` is no name"
    }
    let count = names.dns.count + names.uri.count + names.ip.count + names.email.count
    guard count <= SubjectAlternativeNames.mostNames else { return "\(count) names" }
    if let id = identity.spiffeID {
        guard names.uri == [id.text], identity.spiffeProblem == nil, !id.path.isEmpty else {
            return "no SVID: \(names)"
        }
        guard id.text == "spiffe://" + id.trustDomain + id.path else { return "`\(id.text)` is not its parts" }
        guard id.text.utf8.count <= SPIFFEID.mostBytes else { return "a SPIFFE ID of \(id.text.utf8.count) bytes" }
    }
    guard identity.fingerprint.utf8.count == 64 else { return "the fingerprint has the wrong length" }
    let colons = identity.serial.colonHexadecimal.filter { $0 != ":" }
    guard colons == identity.serialNumber else { return "two serial numbers" }
    guard Set(identity.serial.decimal).isSubset(of: "-0123456789") else { return "the serial number is not decimal" }
    guard (try? PEMBlock.all(in: Array(identity.pem.utf8)))?.map(\.der) == [certificate.der] else {
        return "the PEM text does not read back"
    }
    return nil
}
