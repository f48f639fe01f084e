import PosternPolicy

/// The address of an HTTP integration with its stage variables already filled in:
/// `http://host[:port][/path][?query]` or `http://unix:/socket/path[:/path][?query]`, or the same with `https`.
///
/// `{name}` in the path stands for a path parameter of the route; the query is sent as written. Path and query hold
/// only bytes that may stand in a request target (RFC 3986, 3.3 and 3.4), so building an upstream request cannot break
/// its request line.
package struct IntegrationURI: Sendable, Hashable {
    /// Where it leads, not secured yet: `usesTLS` says whether it must be.
    package let target: UpstreamTarget
    /// The scheme is `https`.
    package let usesTLS: Bool
    /// What goes into `Host`: the authority as written, or `localhost` for a socket (RFC 9112, 3.2).
    package let hostHeader: String
    package let path: [PathPiece]
    /// Without the question mark; empty when there is none.
    package let query: String

    /// - parameter parameters: names of the route's path parameters; a piece refers to one by its index.
    package init(_ text: String, parameters: [String]) throws(DeclarationProblem) {
        let (rest, usesTLS) = try IntegrationURI.scheme(text)
        self.usesTLS = usesTLS
        guard !rest.contains("#") else {
            throw DeclarationProblem(
                "`\(text.abbreviated)` has a fragment", hint: "a fragment is never sent; remove `#` and what follows")
        }
        let question = rest.firstIndex(of: "?")
        let beforeQuery = rest[..<(question ?? rest.endIndex)]
        query = try IntegrationURI.query(question.map { String(rest[rest.index(after: $0)...]) } ?? "", in: text)

        let pathText: String
        if beforeQuery.hasPrefix("unix:") {
            let socket = beforeQuery.dropFirst(5)
            let colon = socket.firstIndex(of: ":")
            target = UpstreamTarget(
                .unix(path: try UpstreamTarget.socketPath(String(socket[..<(colon ?? socket.endIndex)]))))
            hostHeader = "localhost"
            pathText = colon.map { String(socket[socket.index(after: $0)...]) } ?? ""
        } else {
            let slash = beforeQuery.firstIndex(of: "/") ?? beforeQuery.endIndex
            let authorityText = String(beforeQuery[..<slash])
            guard !authorityText.contains("@") else {
                throw DeclarationProblem(
                    "`\(text.abbreviated)` holds a user name",
                    hint: "credentials do not belong in an address (RFC 9110, 4.2.4)")
            }
            let authority = try Authority(authorityText)
            target = UpstreamTarget(.tcp(host: authority.host, port: authority.port ?? (usesTLS ? 443 : 80)))
            hostHeader = authorityText
            pathText = String(beforeQuery[slash...])
        }
        path = try IntegrationURI.pieces(of: pathText.isEmpty ? "/" : pathText, parameters: parameters)
    }

    private static func scheme(_ text: String) throws(DeclarationProblem) -> (rest: Substring, usesTLS: Bool) {
        let lower = text.prefix(8).lowercased()
        if lower.hasPrefix("http://") { return (text.dropFirst(7), false) }
        if lower.hasPrefix("https://") { return (text.dropFirst(8), true) }
        throw DeclarationProblem(
            "`\(text.abbreviated)` is not an integration address",
            hint: "`http://host:port/path`, `https://host:port/path` or `http://unix:/socket:/path`")
    }

    private static func query(_ query: String, in text: String) throws(DeclarationProblem) -> String {
        if query.contains(where: { $0 == "{" || $0 == "}" }) {
            throw DeclarationProblem(
                "`\(text.abbreviated)` has a path parameter in its query", hint: "parameters may stand in the path only"
            )
        }
        try checkBytes(query, allowed: "-._~!$&'()*+,;=:@/?", what: "query")
        return query
    }

    private static func pieces(of path: String, parameters: [String]) throws(DeclarationProblem) -> [PathPiece] {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw DeclarationProblem("`\(path.abbreviated)` is not a path", hint: "it begins with `/`")
        }
        var pieces: [PathPiece] = []
        var rest = path[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw DeclarationProblem("`\(String(rest[open...]).abbreviated)` is not closed", hint: "write `{name}`")
            }
            try append(String(rest[..<open]), to: &pieces)
            let name = String(rest[rest.index(after: open)..<close])
            pieces.append(.parameter(try index(of: name, in: parameters)))
            rest = rest[rest.index(after: close)...]
        }
        try append(String(rest), to: &pieces)
        return pieces
    }

    private static func append(_ literal: String, to pieces: inout [PathPiece]) throws(DeclarationProblem) {
        guard !literal.isEmpty else { return }
        try checkBytes(literal, allowed: "-._~!$&'()*+,;=:@/", what: "path")
        pieces.append(.literal(Array(literal.utf8)))
    }

    private static func index(of name: String, in parameters: [String]) throws(DeclarationProblem) -> Int {
        if let index = parameters.firstIndex(of: name) { return index }
        if name.last == "+", parameters.contains(String(name.dropLast())) {
            throw DeclarationProblem(
                "`{\(name)}` is written without `+` in an address", hint: "write `{\(name.dropLast())}`")
        }
        throw DeclarationProblem(
            "`{\(name.abbreviated)}` is not a parameter of the route's path",
            hint: NearestName.hint(for: name, among: parameters, called: "path parameters of this route"))
    }

    private static func checkBytes(_ text: String, allowed: StaticString, what: String) throws(DeclarationProblem) {
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            if byte.isLetterOrDigit || byte.isAny(of: allowed) { continue }
            if byte == UInt8(ascii: "%"), index + 2 < bytes.count, bytes[index + 1].isHexDigit,
                bytes[index + 2].isHexDigit
            {
                continue
            }
            throw DeclarationProblem(
                "the \(what) `\(text.abbreviated)` has a character that cannot be sent as it is",
                hint: "percent-encode it, as `%20` for a space")
        }
    }
}
