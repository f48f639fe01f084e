@preconcurrency import Dispatch
import Glibc

/// The signals that order something, each kind as a sequence of its own, so that none waits behind another. Keep it as
/// long as the orders are wanted.
struct ProcessSignals {
    /// HUP. However many come while one is carried out, they are one more order.
    let reloads: AsyncStream<Void>
    /// USR1: the log's file was moved away.
    let reopenings: AsyncStream<Void>
    /// USR2: a new process is to take this one's place.
    let upgrades: AsyncStream<Void>
    /// TERM and INT.
    let stops: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    /// Orders for a program that serves: until it does, they are none, and must not end it as they would by default. A log's
    /// rotation does not ask whether the service has just been started.
    static func ignoreOrders() {
        for number in [SIGHUP, SIGUSR1, SIGUSR2] { signal(number, SIG_IGN) }
    }

    /// PIPE is ignored: a peer that is gone shows as an error.
    init() {
        signal(SIGPIPE, SIG_IGN)
        let (reloads, reload) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (reopenings, reopen) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (upgrades, upgrade) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        let orders = [(SIGHUP, reload), (SIGUSR1, reopen), (SIGUSR2, upgrade), (SIGTERM, stop), (SIGINT, stop)]
        sources = orders.map { number, order in
            // Without this the default action would come first.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { order.yield() }
            source.activate()
            return source
        }
        (self.reloads, self.reopenings, self.upgrades, self.stops) = (reloads, reopenings, upgrades, stops)
    }
}
