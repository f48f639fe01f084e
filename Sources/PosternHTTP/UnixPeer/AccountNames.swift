import NIOCore

/// The names of users and groups that connected lately, and that some have none: a table without a clock of its own.
struct AccountNames {
    struct Entry: Hashable {
        /// Nil: the system knew none.
        var name: String?
        fileprivate var expiry: NIODeadline
    }

    private let age: TimeAmount
    private let limit: Int
    private var entries: [Account: Entry] = [:]

    /// - Parameters:
    ///   - age: how long an answer is believed.
    ///   - limit: entries held; the oldest makes room.
    init(age: TimeAmount, limit: Int) {
        self.age = age
        self.limit = limit
    }

    var count: Int { entries.count }

    func entry(for account: Account, at now: NIODeadline) -> Entry? {
        guard let entry = entries[account], now < entry.expiry else { return nil }
        return entry
    }

    mutating func remember(_ name: String?, for account: Account, at now: NIODeadline) {
        if entries[account] == nil, entries.count >= limit {
            let oldest = entries.min { $0.value.expiry < $1.value.expiry }
            if let oldest { entries[oldest.key] = nil }
        }
        entries[account] = Entry(name: name, expiry: now + age)
    }
}
