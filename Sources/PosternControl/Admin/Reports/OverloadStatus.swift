/// How near the gateway is to its limit of memory, and what it sheds for that.
package struct OverloadStatus: Codable, Sendable, Equatable {
    /// `normal`, `shrink_timers`, `stop_keep_alive` or `refuse`.
    package var level: String
    /// Bytes; both nil where there is no limit.
    package var memoryUsage: Int?
    package var memoryLimit: Int?
    /// Requests refused because memory had run out, since the start.
    package var refusedRequests: Int

    package init(level: String, memoryUsage: Int?, memoryLimit: Int?, refusedRequests: Int) {
        self.level = level
        self.memoryUsage = memoryUsage
        self.memoryLimit = memoryLimit
        self.refusedRequests = refusedRequests
    }
}
