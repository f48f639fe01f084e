package import PosternModel

/// The address of an OCSP responder: `http://host[:port][/path]` (RFC 6960, appendix A).
///
/// Only plain HTTP: the answers are signed, and a responder behind TLS would need its own certificate checked first.
package struct ResponderURL: Sendable, Hashable, CustomStringConvertible {
    /// Lower case; an IPv6 address without brackets.
    package let host: String
    package let port: Int
    /// Begins with a slash; printable ASCII without spaces.
    package let path: String
    /// The value of `Host`.
    package let authority: String

    package init(_ text: String) throws(DeclarationProblem) {
        guard text.prefix(7).lowercased() == "http://" else {
            throw DeclarationProblem(
                "`\(text.abbreviated)` is not a responder's address", hint: "`http://host:port/path`")
        }
        let rest = text.dropFirst(7)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = try Authority(String(rest[..<slash]))
        let path = rest[slash...]
        guard text.utf8.count <= 2_048, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else {
            throw DeclarationProblem(
                "`\(text.abbreviated)` cannot be sent as it is",
                hint: "printable ASCII without spaces and `#`, up to 2048")
        }
        host = authority.host
        port = authority.port ?? 80
        self.path = path.isEmpty ? "/" : String(path)
        self.authority = String(rest[..<slash])
    }

    package var description: String { "http://\(authority)\(path)" }
}
