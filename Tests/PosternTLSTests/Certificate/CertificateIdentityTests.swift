import Testing

@testable import PosternTLS
@testable import TestAuthority

@Suite struct CertificateIdentityTests {
    private func recipe(_ subject: [[String]], names: [String] = []) -> CertificateRecipe {
        CertificateRecipe(subject: subject, notBefore: TestClock.days(-10), notAfter: TestClock.days(10), names: names)
    }

    private func identity(_ recipe: CertificateRecipe) throws -> CertificateIdentity {
        try CertificateIdentity([TestCertificate(selfSigned: recipe).certificate])
    }

    @Test func `names are told by kind, in the certificate's order`() throws {
        let names = [
            "DNS:a.example.org", "URI:spiffe://example.org/a", "IP:192.0.2.1", "IP:2001:db8:0:0::1",
            "email:a b@example.org", "DNS:*.example.org", "RID:1.2.3.4",
        ]
        let identity = try identity(recipe([["CN", "client"]], names: names))
        #expect(identity.names.dns == ["a.example.org", "*.example.org"])
        #expect(identity.names.uri == ["spiffe://example.org/a"])
        #expect(identity.names.ip == ["192.0.2.1", "2001:db8::1"])
        #expect(identity.names.email == ["a b@example.org"])
        #expect(identity.spiffeID?.trustDomain == "example.org")
        #expect(identity.spiffeProblem == nil)
    }

    @Test func `subject and issuer are in the order of RFC 4514 and readable`() throws {
        let root = TestCertificate(
            selfSigned: .authority(
                subject: [["C", "DE"], ["O", "Müller & Söhne"], ["CN", "root"]], notBefore: TestClock.days(-1),
                notAfter: TestClock.days(1)))
        let leaf = root.issue(recipe([["DC", "org"], ["OU", "a"], ["CN", "client"], ["UID", "7"]]))
        let identity = try CertificateIdentity([leaf.certificate, root.certificate])
        #expect(identity.subject == "UID=7,CN=client,OU=a,DC=org")
        #expect(identity.issuer == "CN=root,O=Müller & Söhne,C=DE")
    }

    @Test(arguments: [
        ("a,O=other", #"CN=a\,O=other"#), ("a+b", #"CN=a\+b"#), (#"a"b"#, #"CN=a\"b"#), (#"a\b"#, #"CN=a\\b"#),
        ("<a>;", #"CN=\<a\>\;"#), (" a ", #"CN=\ a\ "#), ("#a", "CN=\\#a"), ("a\u{0}b", #"CN=a\00b"#),
        ("a\r\nb", #"CN=a\0D\0Ab"#), ("a=b", "CN=a=b"), ("a\u{7F}", #"CN=a\7F"#),
    ])
    func `a hostile name stays one value`(_ value: String, _ text: String) throws {
        #expect(try identity(recipe([["CN", value]])).subject == text)
    }

    @Test func `an unknown attribute is its number and its encoding`() throws {
        let text = try identity(recipe([["1.3.6.1.4.1.55555.9", "x"], ["CN", "a"]])).subject
        #expect(text == "CN=a,1.3.6.1.4.1.55555.9=#0C0178")
    }

    @Test func `a subject that is no text is no certificate`() {
        // UTF-8 cut short, and a BMPString of half a surrogate pair and `A`.
        #expect(
            Certificate(
                der: patched("café", from: [0x0C, 5, 0x63, 0x61, 0x66, 0xC3], to: [0x0C, 5, 0x63, 0x61, 0x66, 0xFF]))
                == nil)
        #expect(
            Certificate(
                der: patched("abcd", from: [0x0C, 4, 0x61, 0x62, 0x63, 0x64], to: [0x1E, 4, 0xD8, 0, 0, 0x41]))
                == nil)
        #expect(Certificate(der: patched("abcd", from: [0x0C, 4], to: [0x1E, 4])) != nil)
    }

    /// A certificate whose common name has other bytes than it was made with.
    private func patched(_ name: String, from: [UInt8], to: [UInt8]) -> [UInt8] {
        var der = TestCertificate(selfSigned: recipe([["CN", name]])).der
        for index in 0..<der.count - from.count where Array(der[index..<index + from.count]) == from {
            der.replaceSubrange(index..<index + from.count, with: to)
        }
        return der
    }

    @Test func `the serial number has all three forms`() throws {
        var recipe = recipe([["CN", "a"]])
        recipe.serial = "1311768467463790320"
        let identity = try identity(recipe)
        #expect(identity.serialNumber == "123456789abcdef0")
        #expect(identity.serial.colonHexadecimal == "12:34:56:78:9a:bc:de:f0")
        #expect(identity.serial.decimal == "1311768467463790320")
        recipe.serial = "200"
        #expect(try self.identity(recipe).serialNumber == "c8")
        recipe.serial = "0"
        #expect(try self.identity(recipe).serial.decimal == "0")
        recipe.serial = "-5"
        #expect(try self.identity(recipe).serial.decimal == "-5")
        recipe.serial = "1461501637330902918203684832716283019655932542975"
        #expect(try self.identity(recipe).serialNumber == String(repeating: "f", count: 40))
        #expect(try self.identity(recipe).serial.decimal == recipe.serial)
    }

    @Test func `a serial number of 65 bytes is refused`() throws {
        var recipe = recipe([["CN", "a"]])
        recipe.serial = "1" + String(repeating: "0", count: 156)
        #expect(throws: IdentityProblem("the serial number has more than 64 bytes")) { try identity(recipe) }
    }

    @Test func `validity is told in seconds and in AWS's words`() throws {
        let identity = try identity(recipe([["CN", "a"]]))
        #expect(identity.notBefore == TestClock.days(-10))
        #expect(identity.notAfter == TestClock.days(10))
        #expect(CertificateTime.awsText(1_559_046_602) == "May 28 12:30:02 2019 GMT")
        #expect(CertificateTime.awsText(1_556_713_802) == "May  1 12:30:02 2019 GMT")
        #expect(CertificateTime.text(1_559_046_602) == "2019-05-28T12:30:02Z")
    }

    @Test func `fingerprints are those of openssl`() throws {
        let root = TestCertificate.root()
        let leaf = root.client()
        let identity = try CertificateIdentity([leaf.certificate, root.certificate])
        #expect(identity.fingerprint == leaf.certificate.fingerprint.text)
        #expect(identity.fingerprint.utf8.count == 64)
        #expect(identity.chainFingerprint != identity.fingerprint)
        #expect(try CertificateIdentity([leaf.certificate]).chainFingerprint != identity.chainFingerprint)
    }

    @Test func `the PEM text is the certificate's`() throws {
        let certificate = TestCertificate(selfSigned: recipe([["CN", "a"]]))
        let identity = try CertificateIdentity([certificate.certificate])
        #expect(identity.pem == certificate.pem)
        #expect(identity.pem == certificate.pem)
    }

    @Test func `256 names are enough, 257 are too many`() throws {
        let names = (0..<257).map { "DNS:a\($0).example.org" }
        #expect(try identity(recipe([["CN", "a"]], names: names.dropLast())).names.dns.count == 256)
        #expect(throws: IdentityProblem("257 subject alternative names are more than 256")) {
            try identity(recipe([["CN", "a"]], names: names))
        }
    }

    /// The value of subjectAltName in DER, and why it is refused.
    @Test(arguments: [
        (
            "30:0a:82:08:61:00:62:2e:6f:72:67:20",
            "a subject alternative name of kind DNS holds bytes that are not printable ASCII"
        ),
        ("30:06:86:04:61:3a:00:62", "a subject alternative name of kind URI holds bytes that are not printable ASCII"),
        ("30:04:82:02:c3:a4", "a subject alternative name of kind DNS holds bytes that are not printable ASCII"),
        ("30:02:82:00", "a subject alternative name of kind DNS is empty"),
        ("30:05:87:03:01:02:03", "a subject alternative name of kind IP has 3 bytes, not 4 or 16"),
        ("30:05:82:09:61", "the extension subjectAltName cannot be decoded"),
        ("04:00", "the extension subjectAltName cannot be decoded"),
    ])
    func `a malformed name is refused`(_ value: String, _ reason: String) throws {
        var recipe = recipe([["CN", "a"]])
        recipe.extensions = [["subjectAltName", "DER:" + value]]
        #expect(throws: IdentityProblem(reason)) { try identity(recipe) }
    }

    @Test func `the extension twice is refused`() throws {
        var recipe = recipe([["CN", "a"]], names: ["DNS:a.example.org"])
        recipe.extensions = [["subjectAltName", "DNS:b.example.org"]]
        #expect(throws: IdentityProblem("the extension subjectAltName comes more than once")) { try identity(recipe) }
    }

    @Test func `a certificate with two URIs has no SPIFFE ID, and says why`() throws {
        let names = ["URI:spiffe://example.org/a", "URI:spiffe://example.org/b"]
        let identity = try identity(recipe([["CN", "a"]], names: names))
        #expect(identity.spiffeID == nil)
        #expect(identity.spiffeProblem?.description == "2 URIs among its names, where an X.509-SVID has exactly one")
        #expect(identity.names.uri.count == 2)
    }
}
