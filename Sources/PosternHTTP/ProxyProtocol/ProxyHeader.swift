/// What a trusted proxy says about the connection it forwards. Precedes the first byte of the first request.
package struct ProxyHeader: Sendable, Hashable {
    /// The client's address; nil where the header names none (`LOCAL`, `UNKNOWN`, unspecified family), and then the
    /// connection's own addresses hold.
    package var source: ProxyAddress?
    /// The address the client connected to.
    package var destination: ProxyAddress?
    /// The VPC endpoint that the client came through, from the AWS extension (type 0xEA, subtype 0x01).
    package var endpointID: String?
    /// The proxy speaks for itself, as in a health check (`LOCAL`).
    package var isLocal: Bool

    package init(
        source: ProxyAddress? = nil, destination: ProxyAddress? = nil, endpointID: String? = nil, isLocal: Bool = false
    ) {
        self.source = source
        self.destination = destination
        self.endpointID = endpointID
        self.isLocal = isLocal
    }
}

/// Why the first bytes of a connection are not a PROXY header that we take. The connection is closed without an answer:
/// the specification asks for it, and a sender that is not a proxy learns nothing. The raw value labels metrics.
package enum ProxyHeaderRefusal: String, Error, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case notProxyHeader = "not_proxy_header"
    case lineTooLong = "line_too_long"
    case badLineEnd = "bad_line_end"
    case badLine = "bad_line"
    case badAddress = "bad_address"
    case badPort = "bad_port"
    case badVersion = "bad_version"
    case badCommand = "bad_command"
    case badFamily = "bad_family"
    case notStream = "not_stream"
    case headerTooLong = "header_too_long"
    case addressesTruncated = "addresses_truncated"
    case badExtension = "bad_extension"
    case badChecksum = "bad_checksum"
    case duplicateExtension = "duplicate_extension"
    case badEndpointID = "bad_endpoint_id"

    package var description: String {
        switch self {
        case .notProxyHeader: "the connection does not begin with a PROXY header"
        case .lineTooLong: "the PROXY line does not end within 107 bytes"
        case .badLineEnd: "the PROXY line does not end with CR LF"
        case .badLine: "the PROXY line has other parts than the specification says"
        case .badAddress: "an address of the PROXY line is malformed or of another family"
        case .badPort: "a port of the PROXY line is malformed"
        case .badVersion: "the binary PROXY header is not of version 2"
        case .badCommand: "the command of the PROXY header is neither LOCAL nor PROXY"
        case .badFamily: "the address family of the PROXY header is unknown"
        case .notStream: "the PROXY header is for a transport that is not a stream"
        case .headerTooLong: "the PROXY header is longer than 4096 bytes"
        case .addressesTruncated: "the PROXY header is too short for its addresses"
        case .badExtension: "an extension of the PROXY header does not fit its length"
        case .badChecksum: "the checksum of the PROXY header is wrong"
        case .duplicateExtension: "the PROXY header names its checksum or its endpoint twice"
        case .badEndpointID: "the endpoint id in the PROXY header is not like `vpce-…`"
        }
    }
}
