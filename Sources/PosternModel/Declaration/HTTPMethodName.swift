/// The verb of a request as far as routing cares: one of the seven that a REST API may declare, or any other.
///
/// `other` matches no route: `ANY` stands for exactly these seven (reference 2.2), so `TRACE`, `CONNECT` and
/// extension methods are unrouted.
package enum HTTPMethodName: UInt8, Sendable, Hashable, CaseIterable {
    case delete, get, head, options, patch, post, put, other

    /// The verbs that `ANY` stands for, in alphabetical order.
    package static let routable: [HTTPMethodName] = [.delete, .get, .head, .options, .patch, .post, .put]

    /// Reads a method token byte for byte; methods are case-sensitive (RFC 9110, 9.1).
    package init(_ token: Span<UInt8>) {
        self = .other
        guard token.count >= 3, token.count <= 7 else { return }
        for method in HTTPMethodName.routable where token.equals(method.token) {
            self = method
            return
        }
    }

    package init(_ text: String) { self = HTTPMethodName(Array(text.utf8).span) }

    /// The verb in capitals; `OTHER` for anything a route cannot name.
    package var text: String { token.description }

    private var token: StaticString {
        switch self {
        case .delete: "DELETE"
        case .get: "GET"
        case .head: "HEAD"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .post: "POST"
        case .put: "PUT"
        case .other: "OTHER"
        }
    }
}

extension Span<UInt8> {
    fileprivate func equals(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes in
            guard bytes.count == count else { return false }
            for index in 0..<count where self[index] != bytes[index] { return false }
            return true
        }
    }
}

/// The verb of a declared route: one verb, or `ANY` for all seven.
package enum RouteVerb: Sendable, Hashable {
    case any
    case method(HTTPMethodName)

    package var text: String {
        switch self {
        case .any: "ANY"
        case .method(let method): method.text
        }
    }
}
