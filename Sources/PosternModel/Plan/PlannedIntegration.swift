/// What answers an admitted request, with everything resolved that can be before a request comes.
package enum PlannedIntegration: Sendable {
    case httpProxy(HTTPProxyIntegration)
    case mock(MockIntegration)
}

/// Passes the request on to one of `targets`, in turn.
package final class HTTPProxyIntegration: Sendable {
    /// At least one.
    package let targets: [UpstreamTarget]
    /// The same targets as indices into `Plan.targets`.
    package let targetIndices: [Int]
    /// The value of `Host` toward the upstream.
    package let hostHeader: [UInt8]
    /// The upstream path, never empty; begins with a slash.
    package let path: [PathPiece]
    /// The query of the integration's URI without its question mark; empty when it has none.
    package let query: [UInt8]
    /// nil: the client's method.
    package let method: HTTPMethodName?
    /// From the request's end to the response head; 50 and more.
    package let timeoutMilliseconds: Int
    package let connectTimeoutMilliseconds: Int
    package let forwardClientCertificate: ClientCertificateForwarding

    init(
        targets: [UpstreamTarget], targetIndices: [Int], hostHeader: [UInt8], path: [PathPiece], query: [UInt8],
        method: HTTPMethodName?, timeoutMilliseconds: Int, connectTimeoutMilliseconds: Int,
        forwardClientCertificate: ClientCertificateForwarding
    ) {
        self.targets = targets
        self.targetIndices = targetIndices
        self.hostHeader = hostHeader
        self.path = path
        self.query = query
        self.method = method
        self.timeoutMilliseconds = timeoutMilliseconds
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.forwardClientCertificate = forwardClientCertificate
    }
}

/// A piece of an upstream path.
package enum PathPiece: Sendable, Hashable {
    case literal([UInt8])
    /// The bytes of a capture, by its index in `PathCaptures`.
    case parameter(Int)
}

/// Answers by itself.
package final class MockIntegration: Sendable {
    /// 200 to 599.
    package let status: Int
    /// In the order declared; names are tokens, values have no control characters, none frames the message.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
