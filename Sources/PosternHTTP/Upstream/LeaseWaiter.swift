import NIOCore

/// One exchange's wait for a connection: its connect timeout in the pool's queue, and as long again to connect, with the
/// look-up of the name.
final class LeaseWaiter: DeadlineOwner {
    /// Nil once it has been told what came of its wait, or gave up.
    private(set) var receiver: (any LeaseReceiver)?
    private let connectTimeout: TimeAmount
    private let pool: UpstreamPool
    private var due = NIODeadline.distantFuture
    private lazy var deadline = Deadline(owner: self)

    init(receiver: any LeaseReceiver, connectTimeout: TimeAmount, pool: UpstreamPool) {
        self.receiver = receiver
        self.connectTimeout = connectTimeout
        self.pool = pool
        pool.wheel.set(deadline, after: connectTimeout)
    }

    func startConnecting() {
        due = .now() + connectTimeout
        pool.wheel.set(deadline, after: connectTimeout)
    }

    /// What is left to connect in.
    var timeLeft: TimeAmount { max(due - .now(), .milliseconds(1)) }

    /// The wait is over; nobody is told twice.
    @discardableResult func end() -> (any LeaseReceiver)? {
        defer { receiver = nil }
        pool.wheel.retire(deadline)
        return receiver
    }

    func deadlineReached() { pool.timedOut(self) }
}
