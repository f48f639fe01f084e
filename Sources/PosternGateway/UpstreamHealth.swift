package import PosternHTTP
package import PosternModel

/// How one upstream does: the connections open to it at one moment, and what has come of requests. Of one loop, or of several added up.
package struct UpstreamHealth: Sendable {
    package let target: UpstreamTarget
    /// Connections that wait in a pool.
    package private(set) var idle = 0
    /// Connections that carry a request or are being opened.
    package private(set) var active = 0
    package private(set) var counts = UpstreamCounts()

    init(_ target: UpstreamTarget) { self.target = target }

    init(target: UpstreamTarget, pool: UpstreamPool) {
        self.target = target
        idle = pool.idleCount
        active = pool.connectionCount - pool.idleCount
        counts = pool.counts
    }

    mutating func add(_ other: UpstreamHealth) {
        idle += other.idle
        active += other.active
        counts.add(other.counts)
    }
}
