/// What the resource policy said about a request, as logs and metrics name it.
package enum PolicyOutcome: Int, Sendable, CaseIterable {
    /// The policy was not asked: the request was refused before, or the API has none.
    case none
    case allow
    case explicitDeny
    case implicitDeny

    /// The value in log fields and metric labels.
    package var text: StaticString {
        switch self {
        case .none: "none"
        case .allow: "allow"
        case .explicitDeny: "explicitDeny"
        case .implicitDeny: "implicitDeny"
        }
    }

    /// Without which deny it was.
    var shortText: StaticString {
        switch self {
        case .none: "none"
        case .allow: "allow"
        case .explicitDeny, .implicitDeny: "deny"
        }
    }
}
