import PosternPolicy

/// One address that an integration sends requests to, with how connections to it are secured; connection pools are keyed
/// by both.
package struct UpstreamTarget: Sendable, Hashable, CustomStringConvertible {
    package enum Address: Sendable, Hashable {
        /// `host` is a lower-case name or an IP address without brackets.
        case tcp(host: String, port: Int)
        /// An absolute path of at most 107 bytes, the length of `sun_path`.
        case unix(path: String)
    }

    package let address: Address
    /// nil: connections are not secured.
    package let tls: UpstreamTLSProfile?

    package init(_ address: Address, tls: UpstreamTLSProfile? = nil) {
        self.address = address
        self.tls = tls
    }

    package func secured(by profile: UpstreamTLSProfile?) -> UpstreamTarget { UpstreamTarget(address, tls: profile) }

    /// Reads `host:port`, `[v6]:port` or `unix:/path`.
    package init(_ text: String) throws(DeclarationProblem) {
        if text.hasPrefix("unix:") {
            self.init(.unix(path: try UpstreamTarget.socketPath(String(text.dropFirst(5)))))
            return
        }
        let authority = try Authority(text)
        guard let port = authority.port else {
            throw DeclarationProblem("`\(text.abbreviated)` has no port", hint: "write `host:port` or `unix:/path`")
        }
        self.init(.tcp(host: authority.host, port: port))
    }

    package var description: String {
        switch address {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// A path that `sun_path` can hold.
    package static func socketPath(_ path: String) throws(DeclarationProblem) -> String {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count > 1 else {
            throw DeclarationProblem(
                "`\(path.abbreviated)` is not a socket path", hint: "an absolute path, `unix:/run/name.sock`")
        }
        guard path.utf8.count <= 107 else {
            throw DeclarationProblem("`\(path.abbreviated)` is too long for a socket path", hint: "at most 107 bytes")
        }
        guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw DeclarationProblem("`\(path.abbreviated)` has a control character")
        }
        return path
    }
}

/// `host[:port]` of a URI (RFC 3986, 3.2): a registered name, an IPv4 address, or an IPv6 address in brackets.
package struct Authority: Sendable, Hashable {
    /// Lower case, without brackets.
    package let host: String
    package let port: Int?

    package init(_ text: String) throws(DeclarationProblem) {
        guard !text.isEmpty else { throw DeclarationProblem("the host is empty", hint: "write `host` or `host:port`") }
        var name = text[...]
        var portText: Substring?
        if name.first == "[" {
            guard let close = name.firstIndex(of: "]") else {
                throw DeclarationProblem(
                    "`\(text.abbreviated)` has an unclosed bracket", hint: "write `[address]:port`")
            }
            let after = name[name.index(after: close)...]
            guard after.isEmpty || after.first == ":" else {
                throw DeclarationProblem("`\(text.abbreviated)` is not a host", hint: "write `[address]:port`")
            }
            portText = after.isEmpty ? nil : after.dropFirst()
            name = name[..<close].dropFirst()
            guard let address = IPAddress(String(name)), name.contains(":") else {
                throw DeclarationProblem("`\(name)` is not an IPv6 address")
            }
            host = address.description
        } else {
            if let colon = name.firstIndex(of: ":") {
                portText = name[name.index(after: colon)...]
                name = name[..<colon]
            }
            if portText?.contains(":") ?? false {
                throw DeclarationProblem(
                    "`\(text.abbreviated)` is not a host", hint: "an IPv6 address stands in brackets: `[::1]:80`")
            }
            host = try Authority.host(String(name))
        }
        port = try portText.map { digits throws(DeclarationProblem) in try Authority.port(String(digits)) }
    }

    private static func host(_ name: String) throws(DeclarationProblem) -> String {
        guard !name.isEmpty, name.utf8.count <= 253,
            name.utf8.allSatisfy({ $0.isLetterOrDigit || $0.isAny(of: "-._") }),
            name.split(separator: ".", omittingEmptySubsequences: false).dropLast(name.last == "." ? 1 : 0)
                .allSatisfy({ !$0.isEmpty && $0.utf8.count <= 63 })
        else {
            throw DeclarationProblem("`\(name.abbreviated)` is not a host name", hint: "letters, digits, `-`, `.`, `_`")
        }
        let lastLabel = name.split(separator: ".").last ?? ""
        if lastLabel.utf8.allSatisfy(\.isDigit), IPAddress(name) == nil {
            throw DeclarationProblem("`\(name)` is not an IPv4 address", hint: "four numbers from 0 to 255")
        }
        return name.lowercased()
    }

    private static func port(_ digits: String) throws(DeclarationProblem) -> Int {
        guard digits.utf8.count <= 5, digits.utf8.allSatisfy(\.isDigit), let port = Int(digits),
            (1...65535).contains(port)
        else { throw DeclarationProblem("`\(digits.abbreviated)` is not a port", hint: "1 to 65535") }
        return port
    }
}
