/// What a statement does when it applies. A deny is final; without any allow a request is refused.
package enum Effect: String, Sendable, Hashable, CaseIterable {
    case allow = "Allow"
    case deny = "Deny"
}
