import Glibc
import NIOCore
import Synchronization

/// Connections that could not be taken in, counted by reason over all event loops. Touched only when that happens.
package final class AcceptErrors: Sendable {
    /// accept(2), and `reserve`: taken, and closed for the sake of the last descriptors.
    package enum Reason: String, CaseIterable, Sendable {
        /// The process has no descriptor left (EMFILE).
        case processDescriptors = "process_descriptors"
        /// The system has none (ENFILE).
        case systemDescriptors = "system_descriptors"
        /// ENOBUFS, ENOMEM
        case memory
        /// The caller had gone already (ECONNABORTED).
        case aborted
        case reserve
        case other

        init(_ code: CInt) {
            self =
                switch code {
                case EMFILE: .processDescriptors
                case ENFILE: .systemDescriptors
                case ENOBUFS, ENOMEM: .memory
                case ECONNABORTED: .aborted
                default: .other
                }
        }
    }

    private let counts = Mutex([Int](repeating: 0, count: Reason.allCases.count))

    package init() {}

    func count(_ reason: Reason) {
        counts.withLock { $0[Reason.allCases.firstIndex(of: reason)!] += 1 }
    }

    package var all: [(reason: Reason, count: Int)] { counts.withLock { Array(zip(Reason.allCases, $0)) } }

    /// Those that say that something has run out.
    package var exhaustions: Int { all.reduce(0) { $0 + ($1.reason == .aborted ? 0 : $1.count) } }
}

/// Stands at a listening channel and lets it accept no faster than makes sense.
///
/// A descriptor that cannot be had stays wanted: the socket stays readable, and NIO stays registered for it, for its wish to
/// read is fulfilled by a connection only. So the loop would ask as fast as it can. Here it pauses, while callers wait in
/// the kernel's backlog; as they do, shortly, while connections are turned away for a bound, so that refusing does not cost
/// the processor that those who are served need.
final class AcceptGate: ChannelInboundHandler {
    typealias InboundIn = any Channel

    /// Behind an error that comes again at once.
    private static let errorPause = TimeAmount.milliseconds(250)
    /// Behind a batch of at most 16 connections with one in it that was turned away.
    private static let refusalPause = TimeAmount.milliseconds(10)

    private let errors: AcceptErrors?
    private var resumesAt = NIODeadline.uptimeNanoseconds(0)
    private var resumption: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(errors: AcceptErrors?) { self.errors = errors }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        resumption?.cancel()
        resumption = nil
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let code = (error as? IOError)?.errnoCode else { return context.fireErrorCaught(error) }
        let reason = AcceptErrors.Reason(code)
        errors?.count(reason)
        if reason != .aborted { pause(Self.errorPause) }
    }

    /// A connection was closed to keep the last descriptors.
    func reserveReached() {
        errors?.count(.reserve)
        pause(Self.errorPause)
    }

    /// A connection was turned away.
    func connectionRefused() { pause(Self.refusalPause) }

    private func pause(_ time: TimeAmount) {
        resumesAt = max(resumesAt, .now() + time)
        guard resumption == nil else { return }
        setAccepting(false)
        scheduleResumption()
    }

    private func scheduleResumption() {
        guard let context else { return }
        let gate = NIOLoopBound(self, eventLoop: context.eventLoop)
        resumption = context.eventLoop.scheduleTask(deadline: resumesAt) { gate.value.resume() }
    }

    private func resume() {
        // Another reason to pause may have come meanwhile.
        if NIODeadline.now() < resumesAt { return scheduleResumption() }
        resumption = nil
        setAccepting(true)
    }

    private func setAccepting(_ isAccepting: Bool) {
        // A channel that is closed takes no options, and accepts nothing.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isAccepting)
    }
}
