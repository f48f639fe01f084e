/// What a policy says about one request. Only ``allow(statement:)`` lets it pass.
///
/// `statement` is the index of the statement that decided. Where several of one effect apply, it is the first that needs
/// nothing of the request, else the first in the document.
package enum Decision: Sendable, Equatable {
    case allow(statement: Int)
    /// A `Deny` applies; final, whatever other statements say.
    case explicitDeny(statement: Int)
    /// No statement applies.
    case implicitDeny
}
