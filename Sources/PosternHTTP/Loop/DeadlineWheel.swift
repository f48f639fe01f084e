package import NIOCore

/// Told when its deadline passes.
package protocol DeadlineOwner: AnyObject {
    func deadlineReached()
}

/// One connection's next time limit. A connection has one at most: what it waits for now.
package final class Deadline {
    fileprivate var due: Int64 = .max
    fileprivate var slot = -1
    fileprivate var position = 0
    /// Strong while the connection lives; `retire` breaks the cycle.
    fileprivate var owner: (any DeadlineOwner)?

    package init(owner: any DeadlineOwner) { self.owner = owner }
}

/// The time limits of one event loop's connections, at the price of a store each.
///
/// Requests move a deadline several times and almost never reach one, so moving it later only writes it down: the wheel
/// looks again when the old place comes round. Resolution is one tick, 50 ms; a deadline fires up to that much late.
package final class DeadlineWheel {
    private static let slots = 1024
    private static let tickNanoseconds: Int64 = 50_000_000

    private let eventLoop: any EventLoop
    private var buckets: [[Deadline]]
    private var current: Int64
    private var count = 0
    private var isTicking = false

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.buckets = Array(repeating: [], count: Self.slots)
        self.current = Self.tick(.now())
    }

    /// Sets (or moves) the limit to `delay` from now.
    /// - Returns: now.
    @discardableResult
    package func set(_ deadline: Deadline, after delay: TimeAmount) -> NIODeadline {
        let time = NIODeadline.now()
        let now = Self.tick(time)
        let due = now &+ max(1, (delay.nanoseconds &+ Self.tickNanoseconds &- 1) / Self.tickNanoseconds)
        deadline.due = due
        if deadline.slot >= 0 {
            // Its bucket comes round before it is due: nothing to do until then.
            if bucketTick(of: deadline) <= due { return time }
            remove(deadline)
        }
        insert(deadline, now: now)
        return time
    }

    /// Nothing is waited for; the place in the wheel is left until it comes round.
    package func clear(_ deadline: Deadline) { deadline.due = .max }

    /// The connection is gone.
    package func retire(_ deadline: Deadline) {
        if deadline.slot >= 0 { remove(deadline) }
        deadline.due = .max
        deadline.owner = nil
    }

    private static func tick(_ time: NIODeadline) -> Int64 {
        Int64(time.uptimeNanoseconds) / tickNanoseconds
    }

    /// The tick at which the deadline's bucket is next looked at.
    private func bucketTick(of deadline: Deadline) -> Int64 {
        let slots = Int64(Self.slots)
        let ahead = (Int64(deadline.slot) &- (current &+ 1) % slots &+ slots) % slots
        return current &+ 1 &+ ahead
    }

    private func insert(_ deadline: Deadline, now: Int64) {
        if count == 0 { current = max(current, now) }
        let horizon = current &+ Int64(Self.slots)
        let tick = min(max(deadline.due, current &+ 1), horizon)
        let slot = Int(tick % Int64(Self.slots))
        deadline.slot = slot
        deadline.position = buckets[slot].count
        buckets[slot].append(deadline)
        count &+= 1
        if !isTicking { scheduleTick() }
    }

    private func remove(_ deadline: Deadline) {
        let slot = deadline.slot
        let last = buckets[slot].removeLast()
        if last !== deadline {
            buckets[slot][deadline.position] = last
            last.position = deadline.position
        }
        deadline.slot = -1
        count &-= 1
    }

    private func scheduleTick() {
        isTicking = true
        // The closure runs on this loop, which alone touches the wheel.
        let wheel = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .nanoseconds(Self.tickNanoseconds)) { wheel.value.advance() }
    }

    private func advance() {
        let now = Self.tick(.now())
        while current < now {
            current &+= 1
            let slot = Int(current % Int64(Self.slots))
            guard !buckets[slot].isEmpty else { continue }
            fire(slot)
        }
        isTicking = false
        if count > 0 { scheduleTick() }
    }

    private func fire(_ slot: Int) {
        let bucket = buckets[slot]
        buckets[slot] = []
        count &-= bucket.count
        for deadline in bucket { deadline.slot = -1 }
        for deadline in bucket where deadline.slot < 0 {
            if deadline.due <= current {
                deadline.due = .max
                deadline.owner?.deadlineReached()
            } else if deadline.due != .max {
                insert(deadline, now: current)
            }
        }
    }
}
