/// Bounds on what a peer may put into a head (RFC 9112, section 3 and RFC 9110, section 5.4 leave them to us).
package struct HeadLimits: Sendable, Hashable {
    /// All bytes of a head, its final empty line included. At most 65,535, since field positions are 16-bit.
    package var headBytes: Int
    /// Field lines in one head or trailer section.
    package var fields: Int
    /// Bytes of one field line, name and value.
    package var fieldBytes: Int
    /// Bytes of a request target.
    package var targetBytes: Int
    /// Whether names with `_` pass. Upstream frameworks fold `_` and `-` together, so one name could pose as another.
    package var underscoresInNames: Bool

    package init(
        headBytes: Int = 61_440, fields: Int = 100, fieldBytes: Int = 16_384, targetBytes: Int = 8_192,
        underscoresInNames: Bool = false
    ) {
        precondition(headBytes <= Int(UInt16.max), "a head is at most 65,535 bytes")
        self.headBytes = headBytes
        self.fields = fields
        self.fieldBytes = fieldBytes
        self.targetBytes = targetBytes
        self.underscoresInNames = underscoresInNames
    }
}

/// A range of bytes within a head.
package struct HeadRange: Sendable, Equatable {
    package var start: UInt16
    package var length: UInt16

    @inline(__always)
    init(_ start: Int, to end: Int) {
        self.start = UInt16(truncatingIfNeeded: start)
        self.length = UInt16(truncatingIfNeeded: end &- start)
    }

    package static let empty = HeadRange(0, to: 0)
    package var range: Range<Int> { Int(start)..<Int(start) + Int(length) }
    package var isEmpty: Bool { length == 0 }
}

/// One field line's places within its head.
package struct FieldLine: Sendable, Equatable {
    package var name: HeadRange
    package var value: HeadRange
    package var known: FieldName
    /// Named by a `Connection` field, so meant for this hop only (RFC 9110, section 7.6.1).
    package var isHopByHop = false
}

/// How the end of a message body is found (RFC 9112, section 6.3).
package enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
    /// Responses only: the body ends where the connection does.
    case untilClose
}

/// The methods that the gateway can tell apart; any other token is `.other` and matches no route.
package enum HTTPMethod: UInt8, Sendable, CaseIterable {
    case get, head, post, put, delete, patch, options, other

    /// Whether sending the request twice has the effect of sending it once (RFC 9110, section 9.2.2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options: true
        case .post, .patch, .other: false
        }
    }

    package var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        case .other: "-"
        }
    }

    @inline(__always)
    package init(_ bytes: Span<UInt8>) {
        self = .other
        switch bytes.count {
        case 3: if bytes.equals("GET") { self = .get } else if bytes.equals("PUT") { self = .put }
        case 4: if bytes.equals("POST") { self = .post } else if bytes.equals("HEAD") { self = .head }
        case 5: if bytes.equals("PATCH") { self = .patch }
        case 6: if bytes.equals("DELETE") { self = .delete }
        case 7: if bytes.equals("OPTIONS") { self = .options }
        default: break
        }
    }
}

/// What a request head says, as positions into its bytes. It obeys every framing rule by the time anyone sees it.
package struct RequestHeadIndex: Sendable {
    package var method = HTTPMethod.other
    package var methodRange = HeadRange.empty
    /// The whole request target as it was sent.
    package var target = HeadRange.empty
    /// The path of the target, "/" at least; canonical but for the case of hexadecimal digits (see `hasLowercaseEscapes`).
    package var path = HeadRange.empty
    /// The query without its "?"; empty where there is none.
    package var query = HeadRange.empty
    package var hasQuery = false
    /// Host as the client named it, from the field or an absolute target; empty only in HTTP/1.0.
    package var host = HeadRange.empty
    package var minorVersion: UInt8 = 1
    package var framing = BodyFraming.none
    package var keepsAlive = true
    package var expectsContinue = false
    /// Some `%xx` in the path is written in lower case; the connection rewrites it in place.
    package var hasLowercaseEscapes = false
    package var fields: [FieldLine] = []

    /// Positions in `fields` of the singletons that routing, policy and logs ask for.
    package var userAgent: Int?
    package var referer: Int?
    package var apiID: Int?
    package var requestID: Int?
    package var traceID: Int?
    package var methodOverride: Int?

    /// Back to nothing, keeping the storage of `fields`.
    mutating func reset() {
        var kept = fields
        fields = []
        kept.removeAll(keepingCapacity: true)
        self = RequestHeadIndex()
        fields = kept
    }
}

/// What a response head says, as positions into its bytes.
package struct ResponseHeadIndex: Sendable {
    package var status = 0
    package var reason = HeadRange.empty
    package var minorVersion: UInt8 = 1
    package var framing = BodyFraming.none
    package var keepsAlive = true
    package var fields: [FieldLine] = []

    mutating func reset() {
        var kept = fields
        fields = []
        kept.removeAll(keepingCapacity: true)
        self = ResponseHeadIndex()
        fields = kept
    }
}

/// Why a head or a body's framing was refused. Its name is what the operator reads in the log and as a metric label.
package enum WireRefusal: String, Error, Sendable, CaseIterable {
    case bareLineFeed = "bare_line_feed"
    case bareCarriageReturn = "bare_carriage_return"
    case obsoleteFolding = "obsolete_folding"
    case malformedRequestLine = "malformed_request_line"
    case malformedStatusLine = "malformed_status_line"
    case unsupportedVersion = "unsupported_version"
    case invalidMethod = "invalid_method"
    case invalidTarget = "invalid_target"
    case targetTooLong = "target_too_long"
    case authorityMismatch = "authority_mismatch"
    case ambiguousPath = "ambiguous_path"
    case encodedSeparator = "encoded_separator"
    case encodedUnreserved = "encoded_unreserved"
    case invalidEscape = "invalid_escape"
    case dotSegment = "dot_segment"
    case emptySegment = "empty_segment"
    case invalidFieldName = "invalid_field_name"
    case underscoreInName = "underscore_in_name"
    case spaceBeforeColon = "space_before_colon"
    case controlInField = "control_in_field"
    case fieldTooLarge = "field_too_large"
    case tooManyFields = "too_many_fields"
    case headTooLarge = "head_too_large"
    case headTimeout = "head_timeout"
    case missingHost = "missing_host"
    case duplicateHost = "duplicate_host"
    case invalidHost = "invalid_host"
    case duplicateSingleton = "duplicate_singleton"
    case invalidContentLength = "invalid_content_length"
    case duplicateContentLength = "duplicate_content_length"
    case contentLengthWithTransferEncoding = "content_length_with_transfer_encoding"
    case unknownTransferCoding = "unknown_transfer_coding"
    case transferEncodingInHTTP10 = "transfer_encoding_in_http_1_0"
    case unknownExpectation = "unknown_expectation"
    case invalidChunk = "invalid_chunk"
    case chunkLineTooLong = "chunk_line_too_long"
    case bodyTooLarge = "body_too_large"
    case forbiddenTrailer = "forbidden_trailer"

    /// The status that says whose fault it is: 400 unless HTTP has a more exact one.
    package var status: Int {
        switch self {
        case .targetTooLong: 414
        case .fieldTooLarge, .tooManyFields, .headTooLarge: 431
        case .unsupportedVersion: 505
        case .unknownTransferCoding: 501
        case .unknownExpectation: 417
        case .bodyTooLarge: 413
        case .headTimeout: 408
        default: 400
        }
    }
}
