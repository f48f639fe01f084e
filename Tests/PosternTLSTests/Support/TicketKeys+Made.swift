@testable import PosternTLS

extension TicketKeys {
    /// Keys as a file would hold them, one for each seed; the first seals.
    static func made(seeds: Int...) -> TicketKeys {
        let seeds = seeds.isEmpty ? [0] : seeds
        return try! TicketKeys(
            file: seeds.flatMap { seed in (0..<80).map { UInt8(truncatingIfNeeded: seed * 80 + $0) } })
    }
}
