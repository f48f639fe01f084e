import PosternTLS

/// How a TLS handshake ended, as the metrics count it.
enum HandshakeOutcome {
    case full, resumed
    /// The source had begun too many; never of an upstream.
    case limited
    case failed(TLSFailure.Kind)

    init(_ result: Result<TLSHandshakeResult, TLSFailure>) {
        self =
            switch result {
            case .success(let result): result.isResumed ? .resumed : .full
            case .failure(let failure): .failed(failure.kind)
            }
    }

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
