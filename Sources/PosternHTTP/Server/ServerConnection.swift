package import NIOCore
import PosternTLS

/// One downstream HTTP/1.1 connection: turns bytes into requests for its receiver, and answers into bytes.
///
/// Requests are handled one after another; pipelined ones wait in `inbound`, whose growth is bounded by not reading.
/// Everything here runs on the connection's event loop.
package final class ServerConnection: ChannelDuplexHandler, DeadlineOwner {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// Where the reading of the current request stands.
    enum Inbound {
        /// Waiting for the facts of a Unix socket's peer; no byte is read before.
        case unixPeer(requiresProxyHeader: Bool)
        /// Waiting for the listener's PROXY header.
        case proxyHeader
        /// Waiting for (the rest of) a head.
        case head
        case length(remaining: Int)
        case chunked
        /// The request is whole; the next is not looked at before the response has ended.
        case complete
        /// The response has ended before the request, and the connection closes: what still comes is dropped.
        case discarding(budget: Int)
        case closed
    }

    /// Where the writing of the current response stands.
    enum Outbound {
        case idle
        /// A request has been handed over; no head was sent.
        case waiting
        case body(ResponseBody)
        case ended
    }

    /// Bytes of an unread body that are worth reading to keep a connection alive after a refusal.
    static let discardToKeep = 65_536
    /// Bytes that are read and dropped after a final answer, so that a reset does not destroy it on its way.
    private static let discardToClose = 1 << 20
    static let lingerTime = TimeAmount.seconds(2)

    let server: HTTPServer
    let listener: ServerListener
    package internal(set) var connection: ConnectionInfo
    /// Its place in the server's list of connections.
    var position = -1

    var context: ChannelHandlerContext?
    private var receiver: (any RequestReceiver)?
    private var inbound = ByteBuffer()
    var inboundState = Inbound.head
    var outbound = Outbound.idle
    private var parser: RequestHeadParser
    private let request = RequestHead()
    private var chunks: ChunkedDecoder?
    let writer: MessageWriter
    lazy var deadline = Deadline(owner: self)

    /// Some of a head has come: from here its time limit runs, and an idle connection is no longer idle.
    private var headHasStarted = false
    private var isProcessing = false
    /// What the channel said last: it tells of every change, and asking it costs more than remembering.
    var channelIsWritable = true
    var isReadingPaused = false
    private var hasHeldRead = false
    var keepsAlive = true
    var isHTTP10 = false
    var isHeadRequest = false
    var awaitsContinue = false
    /// No request is wanted any more, but for one that may be on its way.
    private var isClosing = false
    /// When it was last used, or came.
    private var idleSince = NIODeadline.distantPast
    /// What its handshake obeys, until it has ended.
    var handshakeContext: TLSContext?
    /// Its caller's certificate no longer admits it, which has been told.
    var isExpelled = false
    private var requests = 0
    private var bodyReceived = 0

    init(server: HTTPServer, listener: ServerListener, connection: ConnectionInfo, awaitsUnixPeer: Bool) {
        self.server = server
        self.listener = listener
        self.connection = connection
        self.parser = RequestHeadParser(limits: listener.settings.head)
        self.writer = MessageWriter(space: server.headSpace)
        // In front of TLS it is not ours to read.
        let requiresProxyHeader = listener.settings.requiresProxyHeader && listener.tls == nil
        if awaitsUnixPeer {
            inboundState = .unixPeer(requiresProxyHeader: requiresProxyHeader)
        } else if requiresProxyHeader {
            inboundState = .proxyHeader
        }
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        server.add(self)
        // A handshake has a limit of its own.
        if listener.tls == nil { awaitRequest(within: listener.settings.timeouts.requestHead) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        if case .unixPeer = inboundState { readUnixPeer(context) }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        if inbound.readableBytes == 0 {
            inbound = bytes
        } else {
            // What was consumed in front would stay for as long as pipelined requests arrive in parts.
            inbound.discardReadBytes()
            inbound.writeBuffer(&bytes)
        }
        process()
        releaseHeldRead()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        receiver?.receiveReadComplete()
    }

    /// Holds the channel's wish to read while the request's body is paused or the next request has to wait.
    package func read(context: ChannelHandlerContext) {
        if mustHoldRead { hasHeldRead = true } else { context.read() }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        channelIsWritable = context.channel.isWritable
        switch (inboundState, outbound) {
        case (_, .body): receiver?.streamWritabilityChanged(isWritable: channelIsWritable)
        case (.head, .idle): processHeld()
        default: break
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        finish(.clientClosed)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        finish(.clientClosed)
    }

    private func finish(_ failure: StreamFailure) {
        guard context != nil else { return }
        context = nil
        inboundState = .closed
        server.wheel.retire(deadline)
        server.remove(self, of: listener)
        let receiver = self.receiver
        self.receiver = nil
        switch outbound {
        case .waiting, .body: receiver?.streamFailed(failure)
        case .idle, .ended: break
        }
        outbound = .ended
        receiver?.streamClosed()
        inbound = ByteBuffer()
    }

    // MARK: Reading

    private var mustHoldRead: Bool {
        if isReadingPaused { return true }
        switch inboundState {
        case .unixPeer: return true
        case .complete: return inbound.readableBytes >= listener.settings.head.headBytes
        case .head: return !isWritable
        default: return false
        }
    }

    func releaseHeldRead() {
        guard hasHeldRead, !mustHoldRead else { return }
        hasHeldRead = false
        context?.read()
    }

    /// Takes requests out of `inbound` until more bytes, or the end of a response, are needed.
    ///
    /// A receiver may answer while it is being called; the flag keeps this the only loop.
    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while context != nil, step() {}
        if inbound.readableBytes == 0 { inbound = Self.noBytes }
    }

    /// Takes up what waited in `inbound`. No end of a read follows, so the receiver hears of it from here.
    func processHeld() {
        guard !isProcessing else { return }
        process()
        receiver?.receiveReadComplete()
        releaseHeldRead()
    }

    private static let noBytes = ByteBuffer()

    /// - Returns: whether anything may be left to do.
    private func step() -> Bool {
        switch inboundState {
        case .unixPeer: return false
        case .proxyHeader: return readProxyHeader()
        case .head: return readHead()
        case .length(let remaining): return readLength(remaining)
        case .chunked: return readChunk()
        case .complete:
            guard case .ended = outbound else { return false }
            return startNextRequest()
        case .discarding(let budget):
            inboundState = .discarding(budget: budget &- inbound.readableBytes)
            inbound.moveReaderIndex(to: inbound.writerIndex)
            if budget <= 0 { context?.close(promise: nil) }
            return false
        case .closed:
            inbound.moveReaderIndex(to: inbound.writerIndex)
            return false
        }
    }

    private func readProxyHeader() -> Bool {
        switch listener.readProxyHeader(&inbound, &connection) {
        case .needMore:
            return false
        case .accepted:
            inboundState = .head
            return inbound.readableBytes > 0
        case .refused:
            inboundState = .closed
            context?.close(promise: nil)
            return false
        }
    }

    private func readHead() -> Bool {
        // Answers that its caller does not read must not pile up: the next request waits until they have gone.
        guard inbound.readableBytes > 0, isWritable else { return false }
        let length: Int?
        do {
            let bytes = inbound
            length = try parser.parse(bytes.readableBytesUInt8Span)
        } catch {
            refuseHead(error)
            return false
        }
        guard let length else {
            // The limit runs from the head's first byte and is not moved by later ones.
            if !headHasStarted {
                headHasStarted = true
                server.wheel.set(deadline, after: listener.settings.timeouts.requestHead)
            }
            return false
        }
        startRequest(headLength: length)
        return true
    }

    private func startRequest(headLength: Int) {
        requests &+= 1
        headHasStarted = false
        parser.exchangeHead(&request.index)
        keepsAlive = request.index.keepsAlive && !isClosing && !server.isDraining
        let most = listener.settings.requestsPerConnection
        if most > 0, requests >= most { keepsAlive = false }
        isHTTP10 = request.index.minorVersion == 0
        isHeadRequest = request.index.method == .head
        awaitsContinue = request.index.expectsContinue
        bodyReceived = 0
        if request.index.hasLowercaseEscapes { uppercaseEscapes(request.index.path) }
        request.bytes = inbound.readSlice(length: headLength)!
        switch request.index.framing {
        case .none, .untilClose: inboundState = .complete
        case .length(let length): inboundState = .length(remaining: length)
        case .chunked:
            inboundState = .chunked
            chunks = ChunkedDecoder(limits: listener.settings.head)
        }
        outbound = .waiting
        // The receiver has its own limit to the response's head; ours begins again with the body.
        if case .complete = inboundState {
            server.wheel.clear(deadline)
        } else {
            server.wheel.set(deadline, after: listener.settings.timeouts.bodyGap)
        }
        let receiver = self.receiver ?? makeReceiver()
        if case .length(let length) = inboundState, exceedsBodyLimit(length) {
            keepsAlive = false
            receiver.receiveRefused(.bodyTooLarge, head: request)
            return
        }
        receiver.receiveHead(request)
        if case .complete = inboundState, !isAnswered { receiver.receiveEnd(trailers: nil) }
    }

    private func makeReceiver() -> any RequestReceiver {
        let made = listener.makeReceiver(self)
        receiver = made
        return made
    }

    /// Writes the escapes of a path in upper case, its canonical spelling (RFC 3986, section 6.2.2.1).
    private func uppercaseEscapes(_ path: HeadRange) {
        let base = inbound.readerIndex
        var index = base + path.range.lowerBound
        let end = base + path.range.upperBound
        while index < end {
            if inbound.getInteger(at: index, as: UInt8.self) == UInt8(ascii: "%") {
                for digit in (index + 1)...(index + 2) {
                    let byte = inbound.getInteger(at: digit, as: UInt8.self)!
                    if byte >= 0x61 { inbound.setInteger(byte & 0xDF, at: digit) }
                }
                index += 2
            }
            index += 1
        }
    }

    private func exceedsBodyLimit(_ bytes: Int) -> Bool {
        listener.settings.bodyBytes > 0 && bytes > listener.settings.bodyBytes
    }

    private func refuseHead(_ refusal: WireRefusal) {
        inboundState = .discarding(budget: Self.discardToClose)
        keepsAlive = false
        // What is known of this request, not of the one before it.
        parser.exchangeHead(&request.index)
        request.bytes = inbound
        isHeadRequest = request.index.method == .head
        isHTTP10 = false
        awaitsContinue = false
        outbound = .waiting
        (receiver ?? makeReceiver()).receiveRefused(refusal, head: request)
    }

    private func readLength(_ remaining: Int) -> Bool {
        let available = min(remaining, inbound.readableBytes)
        guard available > 0, !isReadingPaused || isAnswered else { return false }
        let isLast = available == remaining
        inboundState = isLast ? .complete : .length(remaining: remaining &- available)
        let bytes = inbound.readSlice(length: available)!
        deliver(bytes)
        if isLast { deliverEnd(nil) }
        return true
    }

    private func readChunk() -> Bool {
        guard inbound.readableBytes > 0, !isReadingPaused || isAnswered else { return false }
        do {
            let bytes = inbound
            switch try chunks!.step(bytes.readableBytesUInt8Span) {
            case .needMore(let consumed):
                inbound.moveReaderIndex(forwardBy: consumed)
                return consumed > 0
            case .data(let skip, let length):
                inbound.moveReaderIndex(forwardBy: skip)
                bodyReceived &+= length
                if exceedsBodyLimit(bodyReceived) { throw WireRefusal.bodyTooLarge }
                deliver(inbound.readSlice(length: length)!)
                return true
            case .end(let consumed):
                let fields = chunks!.trailers
                chunks = nil
                inboundState = .complete
                let bytes = inbound.readSlice(length: consumed)!
                deliverEnd(fields.isEmpty ? nil : TrailerSection(bytes: bytes, fields: fields))
                return true
            }
        } catch {
            failBody(.malformedBody(error as! WireRefusal))
            return false
        }
    }

    private var isAnswered: Bool {
        if case .ended = outbound { return true }
        return false
    }

    private func deliver(_ bytes: ByteBuffer) {
        guard !isAnswered else { return }
        server.wheel.set(deadline, after: listener.settings.timeouts.bodyGap)
        receiver?.receiveBody(bytes)
    }

    private func deliverEnd(_ trailers: TrailerSection?) {
        guard !isAnswered else { return }
        server.wheel.clear(deadline)
        receiver?.receiveEnd(trailers: trailers)
    }

    /// The rest of the request cannot be read: nothing after it on this connection can be trusted.
    private func failBody(_ failure: StreamFailure) {
        keepsAlive = false
        inboundState = .discarding(budget: Self.discardToClose)
        inbound.clear()
        guard !isAnswered else { return closeAfterFlush() }
        receiver?.streamFailed(failure)
    }

    /// The response has ended and the request is whole.
    private func startNextRequest() -> Bool {
        outbound = .idle
        guard keepsAlive else {
            closeAfterFlush()
            return false
        }
        parser.exchangeHead(&request.index)
        request.bytes = Self.noBytes
        parser.reset()
        inboundState = .head
        isReadingPaused = false
        awaitRequest(within: listener.settings.timeouts.keepAlive)
        return inbound.readableBytes > 0
    }

    /// The connection is idle from now on. One that is closing has told its caller that it would not before it knew.
    func awaitRequest(within limit: TimeAmount) {
        idleSince = server.wheel.set(deadline, after: limit)
        if isClosing || server.isDraining { closeWhenIdle() }
    }

    /// Closes once the connection has been idle for as long as a request may be on its way.
    private func closeWhenIdle() {
        let left = listener.settings.timeouts.drainIdle - (.now() - idleSince)
        if left > .zero { server.wheel.set(deadline, after: left) } else { closeAfterFlush() }
    }

    // MARK: Deadlines and closing

    package func deadlineReached() {
        switch (inboundState, outbound) {
        case (.unixPeer, _):
            refuseUnixPeer(.lookupTimeout)
        case (.head, .idle) where headHasStarted:
            // 408 tells a client that was too slow; an idle one is simply closed.
            refuseHead(.headTimeout)
        case (.length, .waiting), (.chunked, .waiting), (.length, .body), (.chunked, .body):
            // While we do not read, the caller is not to blame; the upstream has its own limits.
            if isReadingPaused {
                server.wheel.set(deadline, after: listener.settings.timeouts.bodyGap)
            } else {
                failBody(.bodyTimeout)
            }
        case (_, .body):
            receiver?.streamFailed(.streamIdle)
            abort()
        case (.head, .idle) where isClosing:
            closeAfterFlush()
        default:
            context?.close(promise: nil)
        }
    }

    /// Stop taking requests: a busy connection closes after its exchange, an idle one at once, unless a request may be on
    /// its way, which is served.
    func drain() {
        // The listener closed first, the process stops now.
        guard !isClosing || (requests == 0 && server.isDraining) else { return }
        isClosing = true
        // An answer that has begun may have promised to keep the connection, and its caller may have taken it at its word.
        switch outbound {
        case .body, .ended: break
        case .idle, .waiting: keepsAlive = false
        }
        guard case .idle = outbound, !headHasStarted, !isBeginning else { return }
        // A connection that has just come has its first request on the way, for which there is time unless the process stops.
        if requests == 0, !server.isDraining { return }
        closeWhenIdle()
    }

    /// Who is at the other end is being found out, which has a time limit of its own.
    private var isBeginning: Bool {
        if case .unixPeer = inboundState { return true }
        return handshakeContext != nil
    }

    /// Nothing is lost when it is closed.
    var isIdle: Bool {
        if case .idle = outbound { return !headHasStarted && !isBeginning }
        return false
    }

    func came(by other: ServerListener) -> Bool { listener === other }

    func closeNow() {
        if case .body = outbound { markCut() }
        context?.close(promise: nil)
    }

    /// No request begins any more: closes at once if none is being served, else behind its answer.
    func closeAfterExchange() {
        isClosing = true
        keepsAlive = false
        if case .idle = outbound { closeAfterFlush() }
    }

    /// Ends our side behind the last byte written and drops what still comes, for a reset would take the answer away from
    /// the caller; closes at once behind that byte where nothing is to come.
    func closeAfterFlush() {
        flush()
        guard let context else { return }
        let isQuiet =
            switch inboundState {
            case .complete, .head, .proxyHeader, .unixPeer: inbound.readableBytes == 0
            default: false
            }
        inboundState = .discarding(budget: Self.discardToClose)
        isReadingPaused = false
        // Until the caller has taken the answer; lingering begins behind it.
        server.wheel.set(deadline, after: listener.settings.timeouts.streamIdle)
        let ended = context.eventLoop.makePromise(of: Void.self)
        ended.futureResult.assumeIsolated().whenComplete { _ in self.outputEnded(lingers: !isQuiet) }
        context.close(mode: .output, promise: ended)
        releaseHeldRead()
    }

    private func outputEnded(lingers: Bool) {
        guard let context else { return }
        if lingers {
            server.wheel.set(deadline, after: Self.lingerTime)
        } else {
            context.close(promise: nil)
        }
    }
}
