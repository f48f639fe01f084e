package import NIOCore
package import PosternTLS

/// Told how the handshakes of a listener, or of one upstream connection, ended. Calls come on the event loop.
package protocol TLSObserver: AnyObject {
    func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, on channel: any Channel)
}

/// Triggered outbound before a close that must not look like a proper end: no close_notify is sent.
package struct TLSAbort: Sendable {
    package init() {}
}

/// TLS on one connection, either side: records below, plaintext above.
///
/// Tells those above: `TLSHandshakeResult` as a user event before the first plaintext; a `TLSFailure` as an error when
/// an established connection breaks, `.truncated` where it ended without close_notify; `channelInactive` as ever. A
/// handshake that fails is told to the observer only. Plaintext written during a handshake waits for its end.
package final class TLSHandler: ChannelDuplexHandler, DeadlineOwner {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    enum State {
        /// Before TLS's first byte.
        case opening
        case handshaking
        case open
        /// A server's last word is on its way; what still comes is dropped, lest a reset take the word away.
        case discarding(budget: Int)
        case closed
    }

    static let discardBytes = 1 << 20
    static let lingerTime = TimeAmount.seconds(2)
    /// Content of a full record.
    static let recordBytes = 16_384
    /// Records that are handed to the channel before a flush, so that its count of waiting bytes stays true.
    static let handOverBytes = 65_536

    let tls: TLSContext
    let serverName: String?
    let sessions: ClientSessions?
    let space: TLSLoopSpace
    let records: RecordBuffers
    private let wheel: DeadlineWheel
    private let timeout: TimeAmount
    private var observer: (any TLSObserver)?
    /// Takes what a listener's balancer sends in front of TLS off the first bytes.
    var preface: ((inout ByteBuffer) -> ServerListener.ProxyOutcome)?
    private lazy var deadline = Deadline(owner: self)

    var state = State.opening
    var session: TLSSession?
    /// Plaintext that has been written and not encrypted: less than a record, once the handshake is done.
    var held = ByteBuffer()
    /// Completed with the next records that are handed to the channel.
    var waiting: EventLoopPromise<Void>?
    var hasUnflushed = false
    /// In the middle of received records: what is flushed meanwhile goes out together at their end.
    var isReading = false
    var isAborted = false
    private var awaitsVerdict = false
    private var hasHeldRead = false
    private var loopContext: ChannelHandlerContext?

    /// - Parameters:
    ///   - serverName: as a client, whom to reach.
    ///   - timeout: from the connection's start to the handshake's end.
    package init(
        _ tls: TLSContext, serverName: String? = nil, sessions: ClientSessions? = nil, space: TLSLoopSpace,
        wheel: DeadlineWheel, timeout: TimeAmount, observer: (any TLSObserver)?
    ) {
        self.tls = tls
        self.serverName = serverName
        self.sessions = sessions
        self.space = space
        self.records = RecordBuffers(space: space)
        self.wheel = wheel
        self.timeout = timeout
        self.observer = observer
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        loopContext = context
        wheel.set(deadline, after: timeout)
        if context.channel.isActive { start(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    /// A client speaks first; a server's session is made when there is something to read, so that silence costs
    /// nothing.
    private func start(_ context: ChannelHandlerContext) {
        guard case .opening = state, tls.role == .client else { return }
        makeSession(context)
        receive(context)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        records.append(&bytes)
        bytes = ByteBuffer()
        receive(context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let before = state
        state = .closed
        switch before {
        case .opening, .handshaking:
            report(
                .failure(TLSFailure(.closedInHandshake, "the peer closed the connection during the handshake")), context
            )
        case .open:
            context.fireErrorCaught(TLSFailure(.truncated, "the connection ended without close_notify"))
        case .discarding, .closed: break
        }
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        loopContext = nil
        state = .closed
        wheel.retire(deadline)
        preface = nil
        observer = nil
        session?.abandon()
        session = nil
        waiting?.fail(ChannelError.ioOnClosedChannel)
        waiting = nil
    }

    /// Holds reads while a verdict is waited for: what comes then could not be decrypted yet.
    package func read(context: ChannelHandlerContext) {
        if awaitsVerdict { hasHeldRead = true } else { context.read() }
    }

    package func deadlineReached() {
        guard let context = loopContext else { return }
        switch state {
        case .opening, .handshaking:
            state = .closed
            report(.failure(TLSFailure(.handshakeTimeout, "the handshake was not finished in time")), context)
            context.close(promise: nil)
        case .discarding: context.close(promise: nil)
        case .open, .closed: break
        }
    }

    func report(_ result: Result<TLSHandshakeResult, TLSFailure>, _ context: ChannelHandlerContext) {
        let observer = self.observer
        self.observer = nil
        observer?.handshakeEnded(result, on: context.channel)
    }

    // MARK: Receiving

    func receive(_ context: ChannelHandlerContext) {
        isReading = true
        if case .opening = state { open(context) }
        if case .handshaking = state { shakeHands(context) }
        if case .open = state { decrypt(context) }
        if case .discarding(let budget) = state { discard(budget, context) }
        if case .closed = state { records.incoming = ByteBuffer() }
        records.releaseRead()
        isReading = false
        handOver(context, flushes: true)
    }

    /// Looks at the first bytes before OpenSSL does.
    private func open(_ context: ChannelHandlerContext) {
        if let preface {
            switch preface(&records.incoming) {
            case .needMore: return
            case .accepted: self.preface = nil
            case .refused:
                state = .closed
                return context.close(promise: nil)
            }
        }
        guard let first = records.incoming.getInteger(at: records.incoming.readerIndex, as: UInt8.self) else { return }
        if PlainHTTPAnswer.isDue(firstByte: first) {
            records.outgoing = PlainHTTPAnswer.bytes
            return refuse(TLSFailure(.plainHTTP, "the caller sent plain HTTP to a TLS port"), context)
        }
        makeSession(context)
    }

    private func makeSession(_ context: ChannelHandlerContext) {
        let made = TLSSession(context: tls, transport: records, serverName: serverName, sessions: sessions)
        if tls.mayDefer {
            // The handler belongs to this loop; `abandon` breaks the cycle.
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let loop = context.eventLoop
            made.wake = { loop.execute { bound.value.verdictCame() } }
        }
        session = made
        state = .handshaking
    }

    private func shakeHands(_ context: ChannelHandlerContext) {
        guard let session else { return }
        do {
            switch try session.advance() {
            case .wantsInput: awaitsVerdict = false
            case .awaitsVerdict: awaitsVerdict = true
            case .done(let result):
                awaitsVerdict = false
                state = .open
                wheel.clear(deadline)
                report(.success(result), context)
                context.fireUserInboundEventTriggered(result)
                if case .open = state, held.readableBytes > 0 { encrypt(context) }
            }
        } catch {
            awaitsVerdict = false
            refuse(error, context)
        }
        releaseHeldRead(context)
    }

    private func verdictCame() {
        guard let context = loopContext, awaitsVerdict else { return }
        receive(context)
        // No end of a read follows, so those above hear of it from here.
        if case .open = state { context.fireChannelReadComplete() }
    }

    private func releaseHeldRead(_ context: ChannelHandlerContext) {
        guard hasHeldRead, !awaitsVerdict else { return }
        hasHeldRead = false
        context.read()
    }

    /// The handshake is over without a connection: the peer is told why, as far as the alert (or the answer) goes.
    private func refuse(_ failure: TLSFailure, _ context: ChannelHandlerContext) {
        report(.failure(failure), context)
        guard tls.role == .server else {
            handOver(context, flushes: true)
            state = .closed
            return context.close(promise: nil)
        }
        linger(context)
    }

    /// Ends our side behind what is on its way, and reads on for a while.
    func linger(_ context: ChannelHandlerContext) {
        state = .discarding(budget: Self.discardBytes)
        handOver(context, flushes: true)
        wheel.set(deadline, after: Self.lingerTime)
        context.close(mode: .output, promise: nil)
    }

    private func discard(_ budget: Int, _ context: ChannelHandlerContext) {
        let left = budget &- records.incoming.readableBytes
        records.incoming = ByteBuffer()
        state = .discarding(budget: left)
        if left <= 0 { context.close(promise: nil) }
    }
}
