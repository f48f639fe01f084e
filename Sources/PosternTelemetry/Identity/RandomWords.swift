/// A fast source of random words for identifiers: xoshiro256** (Blackman and Vigna), seeded by the kernel.
///
/// This is not a cryptographic generator and need not be: what it feeds are names of requests, written into every log
/// line and sent to the caller, never secrets or proofs of anything. They must be unique across hosts and restarts,
/// which the 256-bit seed from the kernel gives, and tell nothing about other data, which they cannot. Fresh kernel
/// randomness replaces the state every 2^20 words, so that a stretch of identifiers reveals at most the rest of its
/// own stretch.
struct RandomWords {
    static let wordsPerSeed = 1 << 20

    private var state: (UInt64, UInt64, UInt64, UInt64)
    private var left: Int

    init() {
        state = (0, 0, 0, 0)
        left = 0
        reseed()
    }

    /// A fixed state, for tests: at least one word must not be zero.
    init(state: (UInt64, UInt64, UInt64, UInt64)) {
        precondition(state.0 | state.1 | state.2 | state.3 != 0, "xoshiro256** never leaves the zero state")
        self.state = state
        left = Self.wordsPerSeed
    }

    @inline(__always)
    mutating func next() -> UInt64 {
        if left == 0 { reseed() }
        left &-= 1
        let result = Self.rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 &<< 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = Self.rotate(state.3, by: 45)
        return result
    }

    private mutating func reseed() {
        var kernel = SystemRandomNumberGenerator()
        // `| 1`: the all-zero state is the one that the generator never leaves.
        state = (kernel.next() | 1, kernel.next(), kernel.next(), kernel.next())
        left = Self.wordsPerSeed
    }

    @inline(__always)
    private static func rotate(_ word: UInt64, by bits: UInt64) -> UInt64 {
        (word &<< bits) | (word &>> (64 &- bits))
    }
}
