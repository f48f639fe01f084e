import PosternTLS

/// How a downstream TLS handshake ended, as the metrics count it.
enum HandshakeOutcome {
    case full, resumed
    /// The source had begun too many.
    case limited
    case failed(TLSFailure.Kind)

    /// Labels, in the order of `index`.
    static let names = ["full", "resumed", "rate_limited"] + TLSFailure.Kind.allCases.map(\.rawValue)

    var index: Int {
        switch self {
        case .full: 0
        case .resumed: 1
        case .limited: 2
        case .failed(let kind): 3 + TLSFailure.Kind.allCases.firstIndex(of: kind)!
        }
    }
}
