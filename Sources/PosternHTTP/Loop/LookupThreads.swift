import Glibc
import Synchronization

/// A few detached threads for calls that block and cannot be interrupted. Ending the program does not wait for them.
final class LookupThreads: Sendable {
    /// Shared with the threads, which keep it alive as long as they run.
    private final class Queue: Sendable {
        struct State {
            var jobs: [@Sendable () -> Void] = []
            var isStopped = false
        }
        let state = Mutex(State())
        nonisolated(unsafe) let signal: UnsafeMutablePointer<sem_t>

        init() {
            signal = .allocate(capacity: 1)
            signal.initialize(to: sem_t())
            sem_init(signal, 0, 0)
        }

        deinit {
            sem_destroy(signal)
            signal.deallocate()
        }

        /// One signal was posted for each job and one for each thread at the end.
        func work() {
            while true {
                while sem_wait(signal) != 0 {}
                let job = state.withLock { state -> (@Sendable () -> Void)? in
                    state.isStopped || state.jobs.isEmpty ? nil : state.jobs.removeFirst()
                }
                guard let job else { return }
                job()
            }
        }
    }

    private let queue = Queue()
    private let count: Int

    init(count: Int) {
        self.count = count
        for _ in 0..<count { Self.start(queue) }
    }

    /// Jobs wait for a free thread in the order they came; the caller bounds their number. Dropped after ``stop()``.
    func run(_ job: @escaping @Sendable () -> Void) {
        let isTaken = queue.state.withLock { state in
            if !state.isStopped { state.jobs.append(job) }
            return !state.isStopped
        }
        if isTaken { sem_post(queue.signal) }
    }

    /// Drops the jobs that wait; the threads end when the calls under way return.
    func stop() {
        let isFirst = queue.state.withLock { state in
            defer { state = .init(jobs: [], isStopped: true) }
            return !state.isStopped
        }
        if isFirst { for _ in 0..<count { sem_post(queue.signal) } }
    }

    private static func start(_ queue: Queue) {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(queue).toOpaque()
        let result = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Queue>.fromOpaque(argument!).takeRetainedValue().work()
                return nil
            }, argument)
        pthread_detach(thread)
        precondition(result == 0, "cannot start a thread for name lookups: \(errnoText(result))")
    }
}
