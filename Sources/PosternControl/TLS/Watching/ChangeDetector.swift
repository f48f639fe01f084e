/// Tells when a change has settled: something else than what was last dealt with, seen the same twice in a row. Certificate
/// and key are written one after the other; a set caught in between is not even tried.
struct ChangeDetector {
    private var handled: MaterialSnapshot
    private var last: MaterialSnapshot

    /// - Parameter handled: what is served; taken before it was read, so that a change meanwhile still shows.
    init(handled: MaterialSnapshot) {
        self.handled = handled
        last = handled
    }

    /// True once for each change; from then on it counts as dealt with, whether it could be used or not.
    mutating func hasSettled(_ snapshot: MaterialSnapshot) -> Bool {
        defer { last = snapshot }
        guard snapshot != handled, snapshot == last else { return false }
        handled = snapshot
        return true
    }
}
