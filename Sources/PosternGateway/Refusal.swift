import PosternHTTP
import PosternModel
import PosternPolicy

/// Everything that can keep a request from its integration's answer: a closed set, answered in one place.
enum Refusal: Error {
    /// The bytes break the rules of HTTP or a limit.
    case wire(WireRefusal)
    /// No API of the plan is named by `Host` or `x-apigw-api-id`.
    case unknownAPI
    /// `Host` and `x-apigw-api-id` name different APIs.
    case conflictingAPI
    /// No base path of the private custom domain leads anywhere from this path.
    case unknownBasePath
    case unknownStage
    /// No resource, or no method on it.
    case unrouted
    /// The method's ARN, which policies speak about, would exceed 1,600 bytes.
    case methodARNTooLong
    /// The first of the policies asked that did not allow.
    case denied(Decision, by: PolicyKind)
    /// The API has no policy, so nothing allows anything.
    case noPolicy
    case integration(UpstreamFailure)
    /// The request's body stopped coming.
    case bodyTimeout
    /// Memory has run out; nothing was looked at.
    case overload
}

/// The gateway response for a refusal: what the caller sees, and what the operator's log calls it.
///
/// Types, statuses and bodies follow API Gateway's gateway responses (reference, sections 1.11 and 2.10), byte for byte:
/// refusals before the integration have no space behind the colon, those in it have one.
struct GatewayResponse {
    /// Its position is the refusal's number in the metrics' vocabulary.
    enum Kind: Int, CaseIterable {
        case accessDenied
        case apiConfigurationError
        case badRequest
        case forbidden
        case integrationFailure
        case integrationTimeout
        case missingAuthenticationToken
        case requestTooLarge
        case requestTimeout
        case serviceUnavailable
        case uriTooLong

        var name: StaticString {
            switch self {
            case .accessDenied: "ACCESS_DENIED"
            case .apiConfigurationError: "API_CONFIGURATION_ERROR"
            case .badRequest: "BAD_REQUEST"
            case .forbidden: "FORBIDDEN"
            case .integrationFailure: "INTEGRATION_FAILURE"
            case .integrationTimeout: "INTEGRATION_TIMEOUT"
            case .missingAuthenticationToken: "MISSING_AUTHENTICATION_TOKEN"
            case .requestTooLarge: "REQUEST_TOO_LARGE"
            case .requestTimeout: "REQUEST_TIMEOUT"
            case .serviceUnavailable: "SERVICE_UNAVAILABLE"
            case .uriTooLong: "URI_TOO_LONG"
            }
        }
    }

    var kind: Kind
    var status: Int
    /// The value of `x-amzn-ErrorType`.
    var errorType: StaticString
    /// The whole body; nil where it names the refused resource and is made for the request.
    var body: StaticString?
    /// What the log's `errorReason` says.
    var reason: String

    private init(_ kind: Kind, _ status: Int, _ errorType: StaticString, _ body: StaticString?, _ reason: String) {
        self.kind = kind
        self.status = status
        self.errorType = errorType
        self.body = body
        self.reason = reason
    }

    init(_ refusal: Refusal) {
        switch refusal {
        case .wire(let refusal):
            self.init(wire: refusal)
        case .unknownAPI:
            self.init(.forbidden, 403, "ForbiddenException", #"{"message":"Forbidden"}"#, "unknown_api")
        case .conflictingAPI:
            self.init(.forbidden, 403, "ForbiddenException", #"{"message":"Forbidden"}"#, "conflicting_api")
        case .unknownBasePath:
            self.init(.forbidden, 403, "ForbiddenException", #"{"message":"Forbidden"}"#, "unknown_base_path")
        case .unknownStage:
            self.init(.forbidden, 403, "ForbiddenException", #"{"message":"Forbidden"}"#, "unknown_stage")
        case .unrouted:
            self.init(
                .missingAuthenticationToken, 403, "MissingAuthenticationTokenException",
                #"{"message":"Missing Authentication Token"}"#, "unrouted")
        case .methodARNTooLong:
            self.init(
                .uriTooLong, 414, "BadRequestException", #"{"message":"Request URI too long"}"#, "method_arn_too_long")
        case .denied(.explicitDeny, _):
            self.init(.accessDenied, 403, "AccessDeniedException", nil, "explicit_deny")
        case .denied:
            self.init(.accessDenied, 403, "AccessDeniedException", nil, "implicit_deny")
        case .noPolicy:
            self.init(.accessDenied, 403, "AccessDeniedException", nil, "no_policy")
        case .integration(let failure):
            self.init(integration: failure)
        case .bodyTimeout:
            self.init(
                .requestTimeout, 408, "RequestTimeoutException", #"{"message":"Request Timeout"}"#, "body_timeout")
        case .overload:
            self.init(
                .serviceUnavailable, 503, "ServiceUnavailableException", #"{"message":"Service Unavailable"}"#,
                "overload_memory")
        }
    }

    private init(wire refusal: WireRefusal) {
        switch refusal.status {
        case 408:
            self.init(
                .requestTimeout, 408, "RequestTimeoutException", #"{"message":"Request Timeout"}"#, refusal.rawValue)
        case 413:
            self.init(
                .requestTooLarge, 413, "RequestTooLargeException", #"{"message":"Request Too Long"}"#, refusal.rawValue)
        case 414:
            self.init(
                .uriTooLong, 414, "BadRequestException", #"{"message":"Request URI too long"}"#, refusal.rawValue)
        case 417:
            self.init(
                .badRequest, 417, "BadRequestException", #"{"message":"Expectation Failed"}"#, refusal.rawValue)
        case 431:
            self.init(
                .badRequest, 431, "BadRequestException", #"{"message":"Request Header Fields Too Large"}"#,
                refusal.rawValue)
        case 501:
            self.init(.badRequest, 501, "BadRequestException", #"{"message":"Not Implemented"}"#, refusal.rawValue)
        case 505:
            self.init(
                .badRequest, 505, "BadRequestException", #"{"message":"HTTP Version Not Supported"}"#, refusal.rawValue)
        default:
            self.init(.badRequest, 400, "BadRequestException", #"{"message":"Bad Request"}"#, refusal.rawValue)
        }
    }

    private init(integration failure: UpstreamFailure) {
        let reason = failure.reason
        switch failure {
        case .responseTimeout:
            self.init(
                .integrationTimeout, 504, "InternalServerErrorException",
                #"{"message": "Endpoint request timed out"}"#, reason)
        case .resolve, .tls:
            self.init(
                .apiConfigurationError, 500, "InternalServerErrorException",
                #"{"message": "Internal server error"}"#, reason)
        case .overloaded, .exhausted:
            self.init(
                .serviceUnavailable, 503, "ServiceUnavailableException", #"{"message": "Service Unavailable"}"#, reason)
        default:
            self.init(
                .integrationFailure, 504, "InternalServerErrorException",
                #"{"message": "Network error communicating with endpoint"}"#, reason)
        }
    }
}

extension GatewayResponse {
    /// The body of an access refusal: capital `Message`, the account masked to its last four digits (section 1.11).
    ///
    /// - Parameter resource: the sixth segment of the ARN. Its characters are those of a request target, of which none
    ///   needs escaping in JSON.
    static func denialBody(_ decision: Decision, scope: PolicyScope, resource: UnsafeRawBufferPointer) -> [UInt8] {
        let arn = "arn:\(scope.partition):execute-api:\(scope.region):********\(scope.account.suffix(4)):"
        let opening =
            #"{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: "# + arn
        var body = Array(opening.utf8)
        body.append(contentsOf: resource)
        if case .explicitDeny = decision { body.append(contentsOf: " with an explicit deny".utf8) }
        body.append(contentsOf: #""}"#.utf8)
        return body
    }
}

extension UpstreamFailure {
    /// What the log's `errorReason` says.
    var reason: String { detail.map { "\(name): \($0)" } ?? name }
}
