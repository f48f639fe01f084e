/// The fields that the gateway itself understands, recognised once while a head is parsed.
///
/// Everything after the codec compares these small integers; a name that is not listed is `.other` and passes through
/// untouched, spelled as its sender spelled it.
package enum FieldName: UInt8, Sendable, CaseIterable {
    case other
    case authorization
    case clientCert
    case clientCertChain
    case connection
    case contentLength
    case contentMD5
    case contentType
    case date
    case expect
    case forwarded
    case host
    case keepAlive
    case maxForwards
    case proxyAuthenticate
    case proxyAuthorization
    case proxyConnection
    case referer
    case server
    case te
    case trailer
    case transferEncoding
    case upgrade
    case userAgent
    case via
    case wwwAuthenticate
    case xAmznAPIID
    case xAmznRequestID
    case xAmznTraceID
    case xAPIGWAPIID
    case xAPIGWID
    case xForwardedClientCert
    case xForwardedFor
    case xForwardedHost
    case xForwardedPort
    case xForwardedProto
    case xHTTPMethodOverride
    case xRealIP

    /// The name in lower case, as comparisons and HTTP/2 want it.
    package var lowercased: StaticString {
        switch self {
        case .other: ""
        case .authorization: "authorization"
        case .clientCert: "client-cert"
        case .clientCertChain: "client-cert-chain"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .contentMD5: "content-md5"
        case .contentType: "content-type"
        case .date: "date"
        case .expect: "expect"
        case .forwarded: "forwarded"
        case .host: "host"
        case .keepAlive: "keep-alive"
        case .maxForwards: "max-forwards"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyConnection: "proxy-connection"
        case .referer: "referer"
        case .server: "server"
        case .te: "te"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .userAgent: "user-agent"
        case .via: "via"
        case .wwwAuthenticate: "www-authenticate"
        case .xAmznAPIID: "x-amzn-apigateway-api-id"
        case .xAmznRequestID: "x-amzn-requestid"
        case .xAmznTraceID: "x-amzn-trace-id"
        case .xAPIGWAPIID: "x-apigw-api-id"
        case .xAPIGWID: "x-amz-apigw-id"
        case .xForwardedClientCert: "x-forwarded-client-cert"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedPort: "x-forwarded-port"
        case .xForwardedProto: "x-forwarded-proto"
        case .xHTTPMethodOverride: "x-http-method-override"
        case .xRealIP: "x-real-ip"
        }
    }

    /// Fields that say where a message ends, whom it is for, or what the connection does: never in a trailer section
    /// (RFC 9110, section 6.5.1).
    var isFraming: Bool {
        switch self {
        case .connection, .contentLength, .expect, .host, .keepAlive, .proxyConnection, .te, .trailer,
            .transferEncoding, .upgrade:
            true
        default: false
        }
    }

    /// The field of this name; `.other` for any that is not listed.
    package init(_ name: Span<UInt8>) { self = name.isEmpty ? .other : Self.recognise(name) }

    /// Recognises a field name. `bytes` must already be a token; comparison ignores ASCII case (RFC 9110, section 5.1).
    ///
    /// The length and the first letter leave at most two candidates, so that one comparison decides.
    @inline(__always)
    static func recognise(_ bytes: Span<UInt8>) -> FieldName {
        let first = bytes[0] | 0x20
        switch (bytes.count, first) {
        case (2, UInt8(ascii: "t")): return bytes.ifEqual(.te)
        case (3, UInt8(ascii: "v")): return bytes.ifEqual(.via)
        case (4, UInt8(ascii: "h")): return bytes.ifEqual(.host)
        case (4, UInt8(ascii: "d")): return bytes.ifEqual(.date)
        case (6, UInt8(ascii: "e")): return bytes.ifEqual(.expect)
        case (6, UInt8(ascii: "s")): return bytes.ifEqual(.server)
        case (7, UInt8(ascii: "r")): return bytes.ifEqual(.referer)
        case (7, UInt8(ascii: "t")): return bytes.ifEqual(.trailer)
        case (7, UInt8(ascii: "u")): return bytes.ifEqual(.upgrade)
        case (9, UInt8(ascii: "f")): return bytes.ifEqual(.forwarded)
        case (9, UInt8(ascii: "x")): return bytes.ifEqual(.xRealIP)
        case (10, UInt8(ascii: "c")): return bytes.ifEqual(.connection)
        case (10, UInt8(ascii: "k")): return bytes.ifEqual(.keepAlive)
        case (10, UInt8(ascii: "u")): return bytes.ifEqual(.userAgent)
        case (11, UInt8(ascii: "c")): return bytes.ifEqual(.clientCert, or: .contentMD5)
        case (12, UInt8(ascii: "c")): return bytes.ifEqual(.contentType)
        case (12, UInt8(ascii: "m")): return bytes.ifEqual(.maxForwards)
        case (13, UInt8(ascii: "a")): return bytes.ifEqual(.authorization)
        case (14, UInt8(ascii: "c")): return bytes.ifEqual(.contentLength)
        case (14, UInt8(ascii: "x")): return bytes.ifEqual(.xAPIGWAPIID, or: .xAPIGWID)
        case (15, UInt8(ascii: "x")): return bytes.ifEqual(.xForwardedFor, or: .xAmznTraceID)
        case (16, UInt8(ascii: "x")):
            let name = bytes.ifEqual(.xAmznRequestID, or: .xForwardedHost)
            return name == .other ? bytes.ifEqual(.xForwardedPort) : name
        case (16, UInt8(ascii: "p")): return bytes.ifEqual(.proxyConnection)
        case (16, UInt8(ascii: "w")): return bytes.ifEqual(.wwwAuthenticate)
        case (17, UInt8(ascii: "c")): return bytes.ifEqual(.clientCertChain)
        case (17, UInt8(ascii: "t")): return bytes.ifEqual(.transferEncoding)
        case (17, UInt8(ascii: "x")): return bytes.ifEqual(.xForwardedProto)
        case (18, UInt8(ascii: "p")): return bytes.ifEqual(.proxyAuthenticate)
        case (19, UInt8(ascii: "p")): return bytes.ifEqual(.proxyAuthorization)
        case (22, UInt8(ascii: "x")): return bytes.ifEqual(.xHTTPMethodOverride)
        case (23, UInt8(ascii: "x")): return bytes.ifEqual(.xForwardedClientCert)
        case (24, UInt8(ascii: "x")): return bytes.ifEqual(.xAmznAPIID)
        default: return .other
        }
    }
}

extension Span<UInt8> {
    @inline(__always)
    fileprivate func ifEqual(_ candidate: FieldName) -> FieldName {
        equalsIgnoringCase(candidate.lowercased) ? candidate : .other
    }

    @inline(__always)
    fileprivate func ifEqual(_ first: FieldName, or second: FieldName) -> FieldName {
        let name = ifEqual(first)
        return name == .other ? ifEqual(second) : name
    }
}
