package import NIOCore

/// What came of one event loop's requests to one upstream, since the pool was made: plain integers of that loop.
package struct UpstreamCounts: Sendable {
    /// Sent, repeated ones included.
    package private(set) var requests = 0
    /// By the position in `UpstreamFailure.Kind.allCases`.
    package private(set) var failures = [Int](repeating: 0, count: UpstreamFailure.Kind.allCases.count)
    package private(set) var lastFailure: (failure: UpstreamFailure, at: NIODeadline)?

    package init() {}

    mutating func countRequest() { requests &+= 1 }

    mutating func count(_ failure: UpstreamFailure) {
        failures[UpstreamFailure.Kind.allCases.firstIndex(of: failure.kind)!] &+= 1
        lastFailure = (failure, .now())
    }

    package mutating func add(_ other: UpstreamCounts) {
        requests &+= other.requests
        for index in failures.indices { failures[index] &+= other.failures[index] }
        if let theirs = other.lastFailure, lastFailure.map({ $0.at < theirs.at }) ?? true { lastFailure = theirs }
    }
}
