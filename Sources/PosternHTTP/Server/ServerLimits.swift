package import NIOCore

/// Time limits of downstream connections.
package struct ServerTimeouts: Sendable, Hashable {
    /// From a connection's start to the end of its TLS handshake.
    package var handshake = TimeAmount.seconds(10)
    /// From a request's first byte (or the start of a connection that can carry one) to the end of its head.
    package var requestHead = TimeAmount.seconds(10)
    /// Between reads of a request's body.
    package var bodyGap = TimeAmount.seconds(30)
    /// A connection without a request.
    package var keepAlive = TimeAmount.seconds(180)
    /// How long ago a connection may have been used, or have come, to be left one more request when its listener closes: its
    /// caller may be sending it already.
    package var drainIdle = TimeAmount.seconds(2)
    /// No byte either way while a response streams.
    package var streamIdle = TimeAmount.seconds(300)

    package init() {}
}

/// What one listener's connections obey.
package struct ServerSettings: Sendable {
    package var head = HeadLimits()
    package var timeouts = ServerTimeouts()
    /// Bytes of one request body; 0 is without bound, since bodies stream.
    package var bodyBytes = 0
    /// Requests on one connection before it is closed; 0 is without bound.
    package var requestsPerConnection = 0
    package var requiresProxyHeader = false

    package init() {}
}
