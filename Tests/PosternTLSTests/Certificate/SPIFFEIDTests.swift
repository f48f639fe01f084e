import Testing

@testable import PosternTLS

@Suite struct SPIFFEIDTests {
    @Test func `an ID is a trust domain and a path`() throws {
        let id = try SPIFFEID("spiffe://example.org/ns/a/sa/b")
        #expect(id.trustDomain == "example.org")
        #expect(id.path == "/ns/a/sa/b")
        #expect(id.text == "spiffe://example.org/ns/a/sa/b")
        #expect(try SPIFFEID("spiffe://10.0.0.1").path == "")
        #expect(try SPIFFEID.trustDomain("spiffe://example.org") == "example.org")
    }

    @Test func `an ID of 2,048 bytes is the longest`() throws {
        let head = "spiffe://example.org/"
        let longest = head + String(repeating: "a", count: 2048 - head.utf8.count)
        #expect(try SPIFFEID(longest).text == longest)
        #expect(throws: IdentityProblem("the SPIFFE ID has 2049 bytes, more than 2048")) { try SPIFFEID(longest + "a") }
        let domain = String(repeating: "d", count: 255)
        #expect(try SPIFFEID("spiffe://\(domain)/a").trustDomain == domain)
        #expect(throws: IdentityProblem.self) { try SPIFFEID("spiffe://\(domain)d/a") }
    }

    @Test(arguments: [
        "", "spiffe:", "spiffe:/a/b", "spiffe://", "spiffe:///a", "http://example.org/a", "SPIFFE://example.org/a",
        "spiffe://Example.org/a", "spiffe://user@example.org/a", "spiffe://example.org:8443/a", "spiffe://[::1]/a",
        "spiffe://ex%61mple.org/a", "spiffe://example.org?q", "spiffe://example.org#f", "spiffe://example.org/",
        "spiffe://example.org/a/", "spiffe://example.org//a", "spiffe://example.org/a/../b", "spiffe://example.org/.",
        "spiffe://example.org/a?q", "spiffe://example.org/a#f", "spiffe://example.org/a%2fb", "spiffe://example.org/ä",
        "spiffe://example.org/a b", "spiffe://example.org/a\u{0}", "spiffe://bücher.example/a",
    ])
    func `what the standard does not allow is no ID`(_ text: String) {
        #expect(throws: IdentityProblem.self) { try SPIFFEID(text) }
    }
}
