/// `spiffe://trust-domain/path`, the name of a workload (SPIFFE-ID standard, section 2).
package struct SPIFFEID: Sendable, Hashable {
    /// Section 2.3.
    static let mostBytes = 2048
    /// Section 2.3: the host of a URI.
    static let mostTrustDomainBytes = 255

    /// The whole ID, as the certificate has it.
    package let text: String
    /// Lower-case letters, digits, `.`, `-` and `_`.
    package let trustDomain: String
    /// Empty for the ID of a trust domain, else `/segment…`: no empty segment, no `.` or `..`, no final `/`.
    package let path: String

    /// Throws in the terms of the standard. Scheme and trust domain are compared by byte, so both must be in lower case.
    package init(_ text: String) throws(IdentityProblem) {
        guard text.utf8.count <= Self.mostBytes else {
            throw .init("the SPIFFE ID has \(text.utf8.count) bytes, more than \(Self.mostBytes)")
        }
        guard text.hasPrefix("spiffe://") else { throw .init("`\(text)` is no SPIFFE ID: its scheme is not `spiffe`") }
        let rest = text.utf8.dropFirst("spiffe://".utf8.count)
        let domain = rest.prefix { $0 != UInt8(ascii: "/") }
        self.text = text
        trustDomain = try Self.checkedTrustDomain(String(Substring(domain)))
        path = try Self.checkedPath(String(Substring(rest.dropFirst(domain.count))))
    }

    /// The name of a trust domain, with or without `spiffe://` before it.
    package static func trustDomain(_ text: String) throws(IdentityProblem) -> String {
        try checkedTrustDomain(text.hasPrefix("spiffe://") ? String(text.dropFirst("spiffe://".count)) : text)
    }

    private static func checkedTrustDomain(_ name: String) throws(IdentityProblem) -> String {
        guard !name.isEmpty else { throw .init("the trust domain of the SPIFFE ID is empty") }
        guard name.utf8.count <= mostTrustDomainBytes else {
            throw .init("the trust domain of the SPIFFE ID has \(name.utf8.count) bytes, more than 255")
        }
        let allowed = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        // Neither user information, port, query, fragment nor percent-encoding can get past this.
        guard name.utf8.allSatisfy(allowed) else {
            throw .init("the trust domain `\(name)` holds more than `a-z`, `0-9`, `.`, `-` and `_`")
        }
        return name
    }

    private static func checkedPath(_ path: String) throws(IdentityProblem) -> String {
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) where !path.isEmpty {
            guard !segment.isEmpty else { throw .init("the path `\(path)` of the SPIFFE ID has an empty segment") }
            guard segment != ".", segment != ".." else {
                throw .init("the path `\(path)` of the SPIFFE ID has a segment `\(segment)`")
            }
            let allowed = { (byte: UInt8) in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            guard segment.utf8.allSatisfy(allowed) else {
                throw .init("the path `\(path)` of the SPIFFE ID holds more than letters, digits, `.`, `-` and `_`")
            }
        }
        return path
    }
}
