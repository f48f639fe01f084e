import Glibc

/// The two clocks of the kernel, in nanoseconds. Both are read without a system call (vDSO).
package enum SystemTime {
    /// Wall-clock time since 1970-01-01T00:00:00Z; may jump when the host's clock is set. For what is shown to people.
    package static func wallNanoseconds() -> Int { read(CLOCK_REALTIME) }

    /// Time since an arbitrary start, never backwards. For latencies and deadlines.
    package static func monotonicNanoseconds() -> Int { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int {
        var time = timespec()
        clock_gettime(clock, &time)
        return time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
    }
}
