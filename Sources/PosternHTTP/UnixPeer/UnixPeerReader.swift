package import NIOCore
import Synchronization

/// Finds out who is at the other end of a Unix connection, without ever blocking an event loop.
///
/// Names come from the user database and units from `/proc`, on a few threads that all loops share. Names are remembered for
/// a while; a unit is asked for anew with each connection, for a process number soon means another process.
package final class UnixPeerReader: Sendable {
    package struct Options: Sendable {
        /// How long a name is believed, and that there is none.
        package var nameAge: TimeAmount = .seconds(60)
        /// Names remembered.
        package var names = 1024
        /// Connections whose facts are being looked up or wait for it.
        package var lookups = 1024

        package init() {}
    }

    package typealias Answer = Result<UnixPeer, UnixPeerRefusal>

    private let options: Options
    private let systemName: @Sendable (Account) throws(UnixPeerRefusal) -> String?
    private let now: @Sendable () -> NIODeadline
    private let perform: NameResolver.Perform
    private let names: Mutex<AccountNames>
    private let lookups = Atomic<Int>(0)
    private let threads: LookupThreads?

    /// - Parameter threads: how many lookups may run at a time. One that hangs in a directory service cannot be
    ///   interrupted; connections that wait behind it are closed when their time is up.
    package convenience init(options: Options = Options(), threads count: Int = 2) {
        let threads = LookupThreads(count: count)
        self.init(
            options: options, systemName: { account throws(UnixPeerRefusal) in try account.systemName() },
            now: { .now() }, threads: threads, perform: { threads.run($0) })
    }

    init(
        options: Options, systemName: @escaping @Sendable (Account) throws(UnixPeerRefusal) -> String?,
        now: @escaping @Sendable () -> NIODeadline, threads: LookupThreads?, perform: @escaping NameResolver.Perform
    ) {
        self.options = options
        self.systemName = systemName
        self.now = now
        self.threads = threads
        self.perform = perform
        names = Mutex(AccountNames(age: options.nameAge, limit: options.names))
    }

    deinit { threads?.stop() }

    /// Calls `done` on the event loop, later; never after this reader has gone.
    func read(
        _ credentials: PeerCredentials, _ process: PeerProcess?, on loop: any EventLoop,
        _ done: @escaping @Sendable (Answer) -> Void
    ) {
        let waiting = lookups.wrappingAdd(1, ordering: .relaxed).newValue
        guard waiting <= options.lookups else {
            lookups.wrappingSubtract(1, ordering: .relaxed)
            return loop.execute { done(.failure(.tooManyLookups)) }
        }
        perform { [weak self] in
            guard let self else { return }
            let answer = self.peer(credentials, process)
            lookups.wrappingSubtract(1, ordering: .relaxed)
            loop.execute { done(answer) }
        }
    }

    private func peer(_ credentials: PeerCredentials, _ process: PeerProcess?) -> Answer {
        do throws(UnixPeerRefusal) {
            // First what may be gone soon.
            let unit = try process?.unit()
            return .success(
                UnixPeer(
                    credentials: credentials, user: try name(of: .user(credentials.userID)),
                    group: try name(of: .group(credentials.groupID)), unit: unit))
        } catch {
            return .failure(error)
        }
    }

    private func name(of account: Account) throws(UnixPeerRefusal) -> String? {
        if let known = names.withLock({ $0.entry(for: account, at: now()) }) { return known.name }
        let name = try systemName(account)
        names.withLock { $0.remember(name, for: account, at: now()) }
        return name
    }
}
