import NIOCore

/// What the resolver knows about each name and who waits for it: a state machine without threads or clocks of its own.
struct NameCache {
    struct Name: Hashable, Sendable {
        var host: String
        var port: Int
    }

    struct Waiter: Sendable {
        var loop: any EventLoop
        var done: @Sendable (NameResolver.Answer) -> Void
    }

    enum Reply {
        /// Tell the caller this; start a lookup if `renew` says so.
        case answer(NameResolver.Answer, renew: Bool)
        /// The waiter is kept until the lookup under way ends.
        case wait
        /// The same, and the caller starts the lookup.
        case waitAndStart
    }

    private struct Entry {
        /// The last good answer, kept until a better one comes.
        var addresses: [SocketAddress]?
        var answered: NIODeadline = .distantPast
        /// How the last lookup failed, if it did.
        var failure: NameResolutionError?
        var failed: NIODeadline = .distantPast
        var asked: NIODeadline
        var isLookingUp = false
        var waiters: [Waiter] = []
    }

    private let options: NameResolver.Options
    private var entries: [Name: Entry] = [:]
    private var lookups = 0
    private var waiters = 0
    private var isStopped = false

    init(options: NameResolver.Options) { self.options = options }

    /// - Parameter waiter: kept where the answer is not there yet; without one nothing is started for a name unknown.
    mutating func ask(_ name: Name, at now: NIODeadline, waiter: Waiter?) -> Reply {
        guard let index = entries.index(forKey: name) else {
            guard let waiter else { return .wait }
            return begin(name, waiter, at: now)
        }
        entries.values[index].asked = now
        if let answer = immediateAnswer(entries.values[index], at: now) {
            let renew = canStart && isDue(entries.values[index], at: now)
            if renew {
                entries.values[index].isLookingUp = true
                lookups += 1
            }
            return .answer(answer, renew: renew)
        }
        guard let waiter else { return .wait }
        return wait(index, name, waiter)
    }

    /// Stores a lookup's outcome and returns who waited for it and what to tell them: the last good answer, if there is
    /// one, rather than a failure.
    mutating func finish(
        _ name: Name, _ answer: NameResolver.Answer, at now: NIODeadline
    ) -> (waiters: [Waiter], answer: NameResolver.Answer) {
        guard var entry = entries[name], entry.isLookingUp else { return ([], answer) }
        lookups -= 1
        entry.isLookingUp = false
        switch answer {
        case .success(let addresses):
            entry.addresses = addresses
            entry.answered = now
            entry.failure = nil
        case .failure(let error):
            entry.failure = error
            entry.failed = now
        }
        let told = entry.waiters
        waiters -= told.count
        entry.waiters = []
        entries[name] = entry
        return (told, entry.addresses.map { .success($0) } ?? answer)
    }

    mutating func stop() -> [Waiter] {
        isStopped = true
        var told: [Waiter] = []
        for index in entries.values.indices {
            told += entries.values[index].waiters
            entries.values[index].waiters = []
        }
        waiters = 0
        return told
    }

    private var canStart: Bool { !isStopped && lookups < options.lookups }

    private func isDue(_ entry: Entry, at now: NIODeadline) -> Bool {
        if entry.isLookingUp { return false }
        if entry.failure != nil { return now - entry.failed >= options.failureAge }
        return now - entry.answered >= options.refreshAge
    }

    /// What can be told without waiting. While lookups fail, the last good answer stands however old it is.
    private func immediateAnswer(_ entry: Entry, at now: NIODeadline) -> NameResolver.Answer? {
        if let addresses = entry.addresses {
            let isUsable = entry.failure != nil || now - entry.answered < options.staleAge || isStopped
            return isUsable ? .success(addresses) : nil
        }
        guard let failure = entry.failure, now - entry.failed < options.failureAge else { return nil }
        return .failure(failure)
    }

    private mutating func begin(_ name: Name, _ waiter: Waiter, at now: NIODeadline) -> Reply {
        if let refusal = refusal(name, isNewLookup: true) { return .answer(.failure(refusal), renew: false) }
        makeRoom()
        entries[name] = Entry(asked: now, isLookingUp: true, waiters: [waiter])
        lookups += 1
        waiters += 1
        return .waitAndStart
    }

    private mutating func wait(
        _ index: Dictionary<Name, Entry>.Index, _ name: Name, _ waiter: Waiter
    ) -> Reply {
        let isNew = !entries.values[index].isLookingUp
        if let refusal = refusal(name, isNewLookup: isNew) {
            // Old addresses are better than none when no lookup can be had.
            let last = entries.values[index].addresses
            return .answer(last.map { .success($0) } ?? .failure(refusal), renew: false)
        }
        entries.values[index].waiters.append(waiter)
        waiters += 1
        guard isNew else { return .wait }
        entries.values[index].isLookingUp = true
        lookups += 1
        return .waitAndStart
    }

    private func refusal(_ name: Name, isNewLookup: Bool) -> NameResolutionError? {
        if isStopped { return .stopped }
        return waiters >= options.waiters || isNewLookup && !canStart ? .busy(name.host) : nil
    }

    /// Forgets the name not asked for longest. Names being looked up stay, so there may be more by as many as those.
    private mutating func makeRoom() {
        guard entries.count >= options.names else { return }
        let oldest = entries.filter { !$0.value.isLookingUp }.min { $0.value.asked < $1.value.asked }
        if let oldest { entries[oldest.key] = nil }
    }
}
