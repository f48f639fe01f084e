package import NIOCore
import Synchronization

/// Upstream host names to addresses, without ever blocking an event loop.
///
/// Lookups run on a few threads of their own and are remembered for all loops. `getaddrinfo` tells no TTL, so addresses
/// count as fresh for a fixed 30 s; older ones are still served while one lookup renews them, and for as long as
/// lookups fail: an upstream must not vanish because the name server did. An answer that nobody has asked for in five
/// minutes is too old to trust unseen, and the next caller waits for a new one. A name without an answer fails for 1 s
/// before it is asked again.
///
/// Names come from the configuration, never from a request; still, names, lookups and waiting callers are bounded.
package final class NameResolver: Sendable {
    package struct Options: Sendable {
        /// How long an answer counts as fresh.
        package var refreshAge: TimeAmount = .seconds(30)
        /// How old an answer may be and still be served at once while it is renewed.
        package var staleAge: TimeAmount = .minutes(5)
        /// How long a failure is remembered; also the pause between attempts to renew an answer that failed.
        package var failureAge: TimeAmount = .seconds(1)
        /// Names remembered; the one not asked for longest makes room.
        package var names = 4096
        /// Lookups queued or running.
        package var lookups = 256
        /// Callers waiting for lookups.
        package var waiters = 16_384

        package init() {}
    }

    package typealias Answer = Result<[SocketAddress], NameResolutionError>
    /// Blocks until it knows. Runs on a lookup thread.
    package typealias Lookup = @Sendable (_ host: String, _ port: Int) -> Answer
    /// Runs a job elsewhere, now or later.
    package typealias Perform = @Sendable (_ job: @escaping @Sendable () -> Void) -> Void

    private let options: Options
    private let lookup: Lookup
    private let now: @Sendable () -> NIODeadline
    private let perform: Perform
    private let cache: Mutex<NameCache>
    private let threads: LookupThreads?

    /// - Parameter threads: how many lookups may run at a time. A lookup cannot be interrupted, so one more than one
    ///   keeps a dead name server from holding up all names.
    package convenience init(options: Options = Options(), threads count: Int = 2) {
        let threads = LookupThreads(count: count)
        self.init(
            options: options, lookup: NameResolver.systemLookup, now: { .now() }, threads: threads,
            perform: { threads.run($0) })
    }

    /// With a lookup, a clock and an executor of one's own, for tests.
    package convenience init(
        options: Options = Options(), lookup: @escaping Lookup, now: @escaping @Sendable () -> NIODeadline,
        perform: @escaping Perform
    ) {
        self.init(options: options, lookup: lookup, now: now, threads: nil, perform: perform)
    }

    private init(
        options: Options, lookup: @escaping Lookup, now: @escaping @Sendable () -> NIODeadline, threads: LookupThreads?,
        perform: @escaping Perform
    ) {
        self.options = options
        self.lookup = lookup
        self.now = now
        self.threads = threads
        self.perform = perform
        self.cache = Mutex(NameCache(options: options))
    }

    deinit { threads?.stop() }

    /// The addresses of a host that may be connected to right now: a literal's, or those remembered. Nil means
    /// ``resolve(host:port:on:_:)`` has to be asked. Costs a lock and a table lookup; starts a renewal when one is due.
    package func cached(host: String, port: Int) -> [SocketAddress]? {
        if let literal = Self.literal(host, port: port) { return [literal] }
        let name = NameCache.Name(host: host, port: port)
        switch cache.withLock({ $0.ask(name, at: now(), waiter: nil) }) {
        case .answer(let answer, let renew):
            if renew { start(name) }
            return try? answer.get()
        case .wait, .waitAndStart:
            return nil
        }
    }

    /// Calls `done` on the event loop with at least one address, in the order in which they should be tried.
    ///
    /// A literal address and a remembered answer are told before this returns if the caller runs on that event loop.
    package func resolve(
        host: String, port: Int, on loop: any EventLoop, _ done: @escaping @Sendable (Answer) -> Void
    ) {
        if let literal = Self.literal(host, port: port) { return Self.tell(.success([literal]), on: loop, done) }
        guard Self.isName(host) else { return Self.tell(.failure(.notAName(host)), on: loop, done) }
        let name = NameCache.Name(host: host, port: port)
        let waiter = NameCache.Waiter(loop: loop, done: done)
        switch cache.withLock({ $0.ask(name, at: now(), waiter: waiter) }) {
        case .answer(let answer, let renew):
            if renew { start(name) }
            Self.tell(answer, on: loop, done)
        case .wait:
            break
        case .waitAndStart:
            start(name)
        }
    }

    /// Ends the lookup threads. Callers that wait are told ``NameResolutionError/stopped``, later ones too where no
    /// answer is remembered.
    package func stop() {
        let waiters = cache.withLock { $0.stop() }
        threads?.stop()
        for waiter in waiters { Self.tell(.failure(.stopped), on: waiter.loop, waiter.done) }
    }

    private func start(_ name: NameCache.Name) {
        perform { [weak self] in
            guard let self else { return }
            let answer = lookup(name.host, name.port)
            let (waiters, told) = cache.withLock { $0.finish(name, answer, at: self.now()) }
            for waiter in waiters { Self.tell(told, on: waiter.loop, waiter.done) }
        }
    }

    private static func tell(_ answer: Answer, on loop: any EventLoop, _ done: @escaping @Sendable (Answer) -> Void) {
        if loop.inEventLoop { done(answer) } else { loop.execute { done(answer) } }
    }
}

/// Why a host name has no addresses.
package enum NameResolutionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Empty, longer than 253 bytes, or with a zero byte.
    case notAName(String)
    /// The name server says that there is no such name, or that it has no addresses.
    case notFound(String)
    /// The name server could not be asked or could not say; later it may.
    case failed(String, why: String)
    /// Too many lookups wait already.
    case busy(String)
    case stopped

    package var description: String {
        switch self {
        case .notAName(let host): "`\(host)` is not a host name"
        case .notFound(let host): "no address is known for `\(host)`"
        case .failed(let host, let why): "looking up `\(host)` failed: \(why)"
        case .busy(let host): "`\(host)` was not looked up: too many lookups are waiting"
        case .stopped: "name resolution has stopped"
        }
    }
}
