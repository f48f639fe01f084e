package import NIOCore
package import PosternTLS

/// The consumer of one response. Calls come on the event loop.
package protocol ResponseReceiver: AnyObject {
    /// 1xx other than 100 and 101.
    func receiveInformational(_ head: ResponseHead)
    func receiveResponse(_ head: ResponseHead)
    func receiveResponseBody(_ bytes: ByteBuffer)
    /// The response is whole; the connection has gone back to its pool or is closing.
    func receiveResponseEnd(trailers: TrailerSection?)
    func receiveResponseReadComplete()
    func upstreamWritabilityChanged(isWritable: Bool)
    /// The exchange with the upstream is over without a whole response.
    func upstreamFailed(_ failure: UpstreamFailure)
}

/// Why an exchange with an upstream failed; its kind's raw value is what logs and reports call it.
package enum UpstreamFailure: Error, Equatable, Sendable {
    case resolve(String)
    case connect(String)
    case connectTimeout
    /// No secured connection came about, or the upstream ended it with an alert.
    case tls(TLSFailure)
    /// The pool's bound on connections and waiting requests is reached.
    case overloaded
    /// The process or the system has no descriptor or no memory for another connection.
    case exhausted(String)
    /// Closed before any byte of a response. On a reused connection the request may never have been seen.
    case closedBeforeResponse(wasReused: Bool)
    case closedMidResponse
    case responseTimeout
    case streamIdle
    case malformed(WireRefusal)
    case unexpectedUpgrade

    /// The same without its particulars, to be counted by.
    package enum Kind: String, Sendable, CaseIterable {
        case resolve, connect
        case connectTimeout = "connect_timeout"
        case tls, overloaded
        case exhausted = "resources_exhausted"
        case closedBeforeResponse = "closed_before_response"
        case closedMidResponse = "closed_mid_response"
        case responseTimeout = "response_timeout"
        case streamIdle = "stream_idle"
        case malformed = "malformed_response"
        case unexpectedUpgrade = "unexpected_upgrade"
    }

    package var kind: Kind {
        switch self {
        case .resolve: .resolve
        case .connect: .connect
        case .connectTimeout: .connectTimeout
        case .tls: .tls
        case .overloaded: .overloaded
        case .exhausted: .exhausted
        case .closedBeforeResponse: .closedBeforeResponse
        case .closedMidResponse: .closedMidResponse
        case .responseTimeout: .responseTimeout
        case .streamIdle: .streamIdle
        case .malformed: .malformed
        case .unexpectedUpgrade: .unexpectedUpgrade
        }
    }

    package var name: String { kind.rawValue }

    package var detail: String? {
        switch self {
        case .resolve(let text), .connect(let text), .exhausted(let text): text
        case .tls(let failure): failure.description
        case .malformed(let refusal): refusal.rawValue
        default: nil
        }
    }
}

/// A response head as it was received: its bytes and where everything is in them.
/// One object for all responses of a connection, valid during the call that hands it over.
package final class ResponseHead {
    /// Positions in `index` count from its first readable byte.
    package internal(set) var bytes = ByteBuffer()
    package internal(set) var index = ResponseHeadIndex()
}

/// One HTTP/1.1 connection to an upstream, idle in its pool or leased to one exchange.
package final class UpstreamConnection: ChannelInboundHandler, ChannelOutboundHandler, DeadlineOwner {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State {
        /// In the pool; anything the upstream sends now, a close included, ends the connection.
        case idle
        case awaitingHead
        case body
        case closed
    }

    /// 1xx heads of one response that are passed on; more are dropped.
    private static let mostInformationalHeads = 16

    /// The pool lists its connections; `end` takes this one off the list, which breaks the cycle.
    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var state = State.idle
    private var receiver: (any ResponseReceiver)?
    private var inbound = ByteBuffer()
    private var parser: ResponseHeadParser
    private let response = ResponseHead()
    private var framing = BodyFraming.none
    private var remaining = 0
    private var chunks: ChunkedDecoder?
    private let writer: MessageWriter
    private lazy var deadline = Deadline(owner: self)
    private var method = HTTPMethod.get
    private var responseTimeout = TimeAmount.zero
    private var informationalHeads = 0
    private var isRequestChunked = false
    private var hasRequestBody = false
    private var isRequestWhole = true
    private var mayReuse = true
    private var isReadingPaused = false
    private var hasHeldRead = false
    private var isProcessing = false
    /// The connection ends with an error.
    private var hasBroken = false
    /// What the channel said last: it tells of every change, and asking it costs more than remembering.
    private var channelIsWritable = true
    /// How often it has waited in the pool, where an upstream may close it unseen.
    package private(set) var uses = 0
    /// nil: the connection is not secured.
    let securedBy: TLSContext?
    /// Its place in the pool's list of all connections.
    var position = -1

    init(pool: UpstreamPool) {
        self.pool = pool
        self.securedBy = pool.tls?.context
        self.parser = ResponseHeadParser(limits: pool.settings.head)
        self.writer = MessageWriter(space: pool.headSpace)
    }

    var isOpen: Bool { context != nil }
    package var isWritable: Bool { channelIsWritable }
    /// The upstream's address as text, for records.
    package var address: UpstreamAddress { pool.address }

    // MARK: Leasing

    func lease(to receiver: any ResponseReceiver) {
        self.receiver = receiver
    }

    /// Gives a lease back that was not used.
    package func release() {
        receiver = nil
        uses &+= 1
        pool.wheel.set(deadline, after: pool.keepAlive)
        pool.giveBack(self)
    }

    /// Starts a request; fields and `endRequestHead` follow.
    ///
    /// - Parameter timeout: until the response's head, counted from here or from the last part of the request's body.
    package func beginRequest(_ method: HTTPMethod, token: Span<UInt8>, timeout: TimeAmount) {
        self.method = method
        pool.counts.countRequest()
        state = .awaitingHead
        mayReuse = true
        isRequestWhole = false
        responseTimeout = timeout
        informationalHeads = 0
        parser.reset()
        writer.beginHead()
        writer.append(token)
        writer.append(" ")
        pool.wheel.set(deadline, after: timeout)
    }

    /// Appends to the request target.
    package func appendTarget(_ bytes: Span<UInt8>) { writer.append(bytes) }
    package func appendTarget(_ text: StaticString) { writer.append(text) }
    package func endTarget() { writer.append(" HTTP/1.1\r\n") }

    /// Whole field lines, CRLF included, made by the gateway beforehand.
    package func addRendered(_ lines: Span<UInt8>) { writer.append(lines) }

    package func addField(_ name: Span<UInt8>, _ value: Span<UInt8>) { writer.field(name, value) }
    package func addField(_ name: StaticString, _ value: Span<UInt8>) { writer.field(name, value) }
    package func addField(_ name: StaticString, _ value: StaticString) { writer.field(name, value) }

    /// Ends the head; the body is framed here, from what it will be, never from the caller's framing fields.
    package func endRequestHead(_ body: BodyFraming, hasBodySemantics: Bool) {
        switch body {
        case .none:
            // A request whose method expects content says that there is none (RFC 9110, section 8.6).
            if hasBodySemantics { writer.append("Content-Length: 0\r\n") }
        case .length(let length):
            writer.field("Content-Length", decimal: length)
        case .chunked, .untilClose:
            writer.append("Transfer-Encoding: chunked\r\n")
        }
        isRequestChunked = body == .chunked || body == .untilClose
        hasRequestBody = body != .none
        writer.endHead()
    }

    package func sendBody(_ bytes: ByteBuffer) {
        guard context != nil, !isRequestWhole, bytes.readableBytes > 0 else { return }
        writer.sendBody(bytes, isChunked: isRequestChunked, to: context)
    }

    package func sendEnd(trailers: TrailerSection?) {
        guard !isRequestWhole else { return }
        if isRequestChunked { writer.lastChunk(trailers) }
        isRequestWhole = true
        if hasRequestBody { restartResponseTime() }
        flush()
    }

    package func flush() {
        guard let context else { return }
        if hasRequestBody, !isRequestWhole { restartResponseTime() }
        writer.flush(to: context)
    }

    /// The response's time runs from the last of the request: a long upload is not a slow upstream.
    private func restartResponseTime() {
        if case .awaitingHead = state { pool.wheel.set(deadline, after: responseTimeout) }
    }

    /// The exchange no longer wants the response: the connection cannot be used again.
    package func cancel() {
        receiver = nil
        close()
    }

    package func pauseReading() { isReadingPaused = true }

    package func resumeReading() {
        guard isReadingPaused else { return }
        isReadingPaused = false
        process()
        receiver?.receiveResponseReadComplete()
        releaseHeldRead()
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        if case .idle = state { return close() }
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        process()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if case .body = state { pool.wheel.set(deadline, after: pool.settings.streamIdle) }
        receiver?.receiveResponseReadComplete()
    }

    package func read(context: ChannelHandlerContext) {
        if isReadingPaused { hasHeldRead = true } else { context.read() }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        channelIsWritable = context.channel.isWritable
        receiver?.upstreamWritabilityChanged(isWritable: channelIsWritable)
    }

    package func channelInactive(context: ChannelHandlerContext) { upstreamClosed() }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .awaitingHead = state, let failure = error as? TLSFailure, failure.kind == .peerAlert {
            // An upstream of TLS 1.3 refuses our certificate behind its own handshake.
            pool.handshakeEnded?(.failure(failure))
            return fail(.tls(failure))
        }
        // What came before it is delivered when the channel is closed.
        hasBroken = true
        context.close(promise: nil)
    }

    package func handlerRemoved(context: ChannelHandlerContext) { upstreamClosed() }

    private func releaseHeldRead() {
        guard hasHeldRead, !isReadingPaused else { return }
        hasHeldRead = false
        context?.read()
    }

    private func upstreamClosed() {
        guard context != nil else { return }
        context = nil
        if receiver != nil { process() }
        switch state {
        case .idle, .closed: end(nil)
        case .awaitingHead:
            end(inbound.readableBytes == 0 ? .closedBeforeResponse(wasReused: uses > 0) : .closedMidResponse)
        case .body:
            // A reset, or an end without close_notify, is not the end of a body.
            if framing == .untilClose, !hasBroken {
                finishResponse(nil)
            } else {
                end(.closedMidResponse)
            }
        }
    }

    /// The connection is over; whoever still waits for a response is told why.
    private func end(_ failure: UpstreamFailure?) {
        let receiver = self.receiver
        self.receiver = nil
        let wasOpen = { if case .closed = state { false } else { true } }()
        state = .closed
        pool.wheel.retire(deadline)
        if wasOpen { pool.remove(self) }
        inbound = ByteBuffer()
        guard let failure else { return }
        pool.counts.count(failure)
        receiver?.upstreamFailed(failure)
    }

    func close() {
        let context = self.context
        self.context = nil
        end(nil)
        context?.close(promise: nil)
    }

    private func fail(_ failure: UpstreamFailure) {
        let context = self.context
        self.context = nil
        end(failure)
        context?.close(promise: nil)
    }

    package func deadlineReached() {
        switch state {
        case .idle, .closed: close()
        case .awaitingHead: fail(.responseTimeout)
        case .body: fail(.streamIdle)
        }
    }

    // MARK: Reading

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        while receiver != nil, step() {}
        isProcessing = false
        if inbound.readableBytes == 0 { inbound = Self.noBytes }
    }

    private static let noBytes = ByteBuffer()

    private func step() -> Bool {
        do {
            switch state {
            case .idle, .closed: return false
            case .awaitingHead: return try readHead()
            case .body: return try readBody()
            }
        } catch {
            fail(.malformed(error as! WireRefusal))
            return false
        }
    }

    private func readHead() throws -> Bool {
        let bytes = inbound
        guard bytes.readableBytes > 0,
            let length = try parser.parse(bytes.readableBytesUInt8Span, answering: method)
        else { return false }
        parser.exchangeHead(&response.index)
        response.bytes = inbound.readSlice(length: length)!
        defer { response.bytes = Self.noBytes }
        let status = response.index.status
        if status < 200 {
            parser.reset()
            switch status {
            case 100: break
            case 101: fail(.unexpectedUpgrade)
            default:
                // They are not held back for a slow caller, so there may not be many.
                informationalHeads &+= 1
                if informationalHeads <= Self.mostInformationalHeads { receiver?.receiveInformational(response) }
            }
            return true
        }
        state = .body
        framing = response.index.framing
        mayReuse = response.index.keepsAlive
        chunks = nil
        switch framing {
        case .length(let length): remaining = length
        case .chunked: chunks = ChunkedDecoder(limits: pool.settings.head)
        default: break
        }
        receiver?.receiveResponse(response)
        if framing == .none { finishResponse(nil) }
        return true
    }

    private func readBody() throws -> Bool {
        // Behind a close there is no later: what came is delivered whether or not its reader had paused.
        guard inbound.readableBytes > 0, !isReadingPaused || context == nil else { return false }
        switch framing {
        case .none: return false
        case .length:
            let available = min(remaining, inbound.readableBytes)
            remaining &-= available
            receiver?.receiveResponseBody(inbound.readSlice(length: available)!)
            if remaining == 0 { finishResponse(nil) }
        case .untilClose:
            receiver?.receiveResponseBody(inbound.readSlice(length: inbound.readableBytes)!)
        case .chunked:
            let bytes = inbound
            switch try chunks!.step(bytes.readableBytesUInt8Span) {
            case .needMore(let consumed):
                inbound.moveReaderIndex(forwardBy: consumed)
                return consumed > 0
            case .data(let skip, let length):
                inbound.moveReaderIndex(forwardBy: skip)
                receiver?.receiveResponseBody(inbound.readSlice(length: length)!)
            case .end(let consumed):
                let fields = chunks!.trailers
                let bytes = inbound.readSlice(length: consumed)!
                finishResponse(fields.isEmpty ? nil : TrailerSection(bytes: bytes, fields: fields))
            }
        }
        return true
    }

    /// The response is whole: back to the pool, if nothing on the connection is in doubt.
    private func finishResponse(_ trailers: TrailerSection?) {
        let receiver = self.receiver
        self.receiver = nil
        chunks = nil
        // Bytes behind the response, or a request cut short, leave the connection's framing in doubt.
        if context != nil, mayReuse, isRequestWhole, inbound.readableBytes == 0 {
            state = .idle
            uses &+= 1
            isReadingPaused = false
            releaseHeldRead()
            pool.wheel.set(deadline, after: pool.keepAlive)
            pool.giveBack(self)
        } else {
            close()
        }
        receiver?.receiveResponseEnd(trailers: trailers)
    }
}
