import PosternHTTP

/// Which fields pass, by the table of reference, section 2.7, for HTTP_PROXY.
///
/// Two departures, both because bodies stream through untouched here: `Content-Encoding` passes toward the upstream, since
/// the body is not decoded; and a field that a `Connection` field names is dropped in both directions (RFC 9110, 7.6.1).
extension FieldLine {
    /// Whether a request's field goes on to the upstream. What is listed is framing of the hop, made anew by us, or a claim
    /// about the caller that only we can make.
    func passesToUpstream(_ bytes: Span<UInt8>) -> Bool {
        if isHopByHop { return false }
        switch known {
        case .other: return !Self.isForwarded(bytes.extracting(name.range)) && !posesAsAnother(bytes)
        case .authorization, .contentType, .date, .referer, .userAgent: return true
        case .clientCert, .clientCertChain, .connection, .contentLength, .contentMD5, .expect, .forwarded, .host,
            .keepAlive, .maxForwards, .proxyAuthenticate, .proxyAuthorization, .proxyConnection, .server, .te, .trailer,
            .transferEncoding, .upgrade, .via, .wwwAuthenticate, .xAmznAPIID, .xAmznRequestID, .xAmznTraceID,
            .xAPIGWAPIID, .xAPIGWID, .xForwardedClientCert, .xForwardedFor, .xForwardedHost, .xForwardedPort,
            .xForwardedProto, .xHTTPMethodOverride, .xRealIP:
            return false
        }
    }

    /// Whether the name begins with `X-Forwarded-`: proxies and frameworks have made up more of these than can be listed
    /// (`-User`, `-Prefix`, `-Ssl`), and believe every one.
    private static func isForwarded(_ name: Span<UInt8>) -> Bool {
        let prefix: StaticString = "x-forwarded-"
        let length = prefix.utf8CodeUnitCount
        return name.count >= length && name.extracting(0..<length).equalsIgnoringCase(prefix)
    }

    /// Whether the name, its `_` read as `-`, is one that would not pass: frameworks (CGI, WSGI) do not tell them apart. Names
    /// with `_` come this far only where the listener allows them.
    private func posesAsAnother(_ bytes: Span<UInt8>) -> Bool {
        let range = name.range
        var index = range.lowerBound
        while index < range.upperBound, bytes[index] != UInt8(ascii: "_") { index &+= 1 }
        guard index < range.upperBound else { return false }
        let folded = range.map { bytes[$0] == UInt8(ascii: "_") ? UInt8(ascii: "-") : bytes[$0] }
        return FieldName(folded.span) != .other || Self.isForwarded(folded.span)
    }

    enum ResponseHandling { case pass, drop, remap }

    /// What becomes of a response's field. `remap` renames it `x-amzn-Remapped-{Name}`, as API Gateway does with fields
    /// that it speaks for itself.
    var responseHandling: ResponseHandling {
        if isHopByHop { return .drop }
        switch known {
        case .authorization, .connection, .contentLength, .contentMD5, .date, .maxForwards, .server, .userAgent,
            .wwwAuthenticate, .xAmznRequestID, .xAPIGWID:
            return .remap
        case .expect, .host, .keepAlive, .proxyAuthenticate, .proxyAuthorization, .proxyConnection, .te, .trailer,
            .transferEncoding, .upgrade, .via:
            return .drop
        default:
            return .pass
        }
    }
}
