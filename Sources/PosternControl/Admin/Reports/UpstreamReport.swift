/// How one upstream does, as `postern status` shows it. Counted since it became part of the configuration.
package struct UpstreamReport: Codable, Sendable, Equatable {
    package struct FailureCount: Codable, Sendable, Equatable {
        /// As `errorReason` of the access log has it: `connect`, `response_timeout` …
        package var kind: String
        package var count: Int

        package init(kind: String, count: Int) {
            self.kind = kind
            self.count = count
        }
    }

    package struct Failure: Codable, Sendable, Equatable {
        package var kind: String
        /// The system's or the upstream's own words, where there are any.
        package var detail: String?
        /// RFC 3339.
        package var at: String
        package var secondsAgo: Int

        package init(kind: String, detail: String?, at: String, secondsAgo: Int) {
            self.kind = kind
            self.detail = detail
            self.at = at
            self.secondsAgo = secondsAgo
        }
    }

    package var target: String
    package var tls: Bool
    /// Connections: active ones carry a request or are being opened.
    package var open: Int
    package var active: Int
    package var idle: Int
    /// Sent, repeated ones included.
    package var requests: Int
    /// Those that there were.
    package var failures: [FailureCount]
    package var lastFailure: Failure?

    package init(
        target: String, tls: Bool, active: Int, idle: Int, requests: Int, failures: [FailureCount],
        lastFailure: Failure?
    ) {
        self.target = target
        self.tls = tls
        self.open = active + idle
        self.active = active
        self.idle = idle
        self.requests = requests
        self.failures = failures
        self.lastFailure = lastFailure
    }
}
