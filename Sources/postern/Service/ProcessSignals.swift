@preconcurrency import Dispatch
import Glibc

/// The signals that order something, as a sequence of orders. Keep it as long as the orders are wanted.
struct ProcessSignals {
    enum Order: Sendable { case reload, reopenLog, stop }

    let orders: AsyncStream<Order>
    private let sources: [any DispatchSourceSignal]

    /// HUP reloads, USR1 reopens the log, TERM and INT stop. PIPE is ignored: a peer that is gone shows as an error.
    init() {
        signal(SIGPIPE, SIG_IGN)
        let (stream, continuation) = AsyncStream.makeStream(of: Order.self)
        let table: [(Int32, Order)] = [(SIGHUP, .reload), (SIGUSR1, .reopenLog), (SIGTERM, .stop), (SIGINT, .stop)]
        sources = table.map { number, order in
            // Without this the default action would come first.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(order) }
            source.activate()
            return source
        }
        orders = stream
    }
}
