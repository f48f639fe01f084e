package import NIOCore
package import PosternHTTP
import PosternModel
import PosternPolicy
import PosternTelemetry

/// One request on its way through the gateway, and its answer on the way back.
///
/// `receiveHead` is the whole journey: route, authorize, integrate. Each step returns what the next one needs or throws the
/// refusal that ends it. An HTTP/1.1 connection has one exchange object, used for one request after another, so that a
/// request allocates nothing; all of it runs on the connection's event loop.
package final class Exchange {
    enum Phase {
        /// No request.
        case idle
        /// Waiting for a connection to the upstream.
        case leasing
        /// The upstream has the request.
        case forwarding(UpstreamConnection)
        /// The answer is made here.
        case answering
    }

    let loop: GatewayLoop
    let listener: LoopListener
    /// The stream owns its receiver and lets go of it when it ends, so it outlives every use of this reference.
    unowned(unsafe) let stream: any ServerStream
    let caller: Caller
    /// How the ring remembers this connection.
    let origin: RequestOrigin

    // What belongs to the current request; `end` takes it all back.
    var phase = Phase.idle
    var head: RequestHead?
    /// The private custom domain that `Host` names.
    var domain: ServedDomain?
    var api: ServedAPI?
    var stage: PinnedText?
    var route: ServedRoute?
    /// Of the plan that the request is served by.
    var generation = 0
    /// Where a connection has been asked for.
    var pool: UpstreamPool?
    /// Inside the call that asks for a connection, which may lease one before it returns.
    var isAskingForLease = false
    var captures = PathCaptures()
    var method = HTTPMethodName.other
    var requestEnded = false
    var attempts = 0
    var responseStarted = false
    let record = ExchangeRecord()

    init(loop: GatewayLoop, listener: LoopListener, stream: any ServerStream) {
        self.loop = loop
        self.listener = listener
        self.stream = stream
        caller = Caller(stream.connection)
        origin = RequestOrigin(
            facts: caller.facts, connectionID: caller.info.id, listenerID: listener.id)
    }
}

// MARK: - The request's journey

extension Exchange: RequestReceiver {
    package func receiveHead(_ head: RequestHead) {
        begin(head)
        if loop.isRefusing { return refuseForOverload() }
        do throws(Refusal) {
            let route = try findRoute(head)
            let permit = try authorize(route, head)
            integrate(permit, head)
        } catch {
            refuse(error)
        }
    }

    package func receiveRefused(_ refusal: WireRefusal, head: RequestHead) {
        begin(head)
        loop.metrics.countParseRefusal(refusal.vocabularyIndex)
        refuse(.wire(refusal))
    }

    private func begin(_ head: RequestHead) {
        self.head = head
        generation = loop.served.generation
        requestEnded = false
        record.begin(&loop.identifiers)
        record.takeRequestID(from: head)
    }

    package func receiveBody(_ bytes: ByteBuffer) {
        record.requestBytes &+= bytes.readableBytes
        if case .forwarding(let upstream) = phase { upstream.sendBody(bytes) }
    }

    package func receiveEnd(trailers: TrailerSection?) {
        requestEnded = true
        if case .forwarding(let upstream) = phase { upstream.sendEnd(trailers: trailers) }
    }

    package func receiveReadComplete() {
        guard case .forwarding(let upstream) = phase, !requestEnded else { return }
        upstream.flush()
        if !upstream.isWritable { stream.pauseReading() }
    }

    package func streamWritabilityChanged(isWritable: Bool) {
        guard isWritable, case .forwarding(let upstream) = phase else { return }
        upstream.resumeReading()
    }

    package func streamFailed(_ failure: StreamFailure) {
        releaseUpstream()
        switch failure {
        case .malformedBody(let refusal):
            loop.metrics.countParseRefusal(refusal.vocabularyIndex)
            if responseStarted { cut(refusal.rawValue, by: .client) } else { refuse(.wire(refusal)) }
        case .bodyTimeout:
            if responseStarted { cut("body_timeout", by: .client) } else { refuse(.bodyTimeout) }
        case .clientClosed:
            end(abortedBy: .client)
        case .streamIdle:
            cut("stream_idle", by: idleSide)
        }
    }

    package func streamClosed() {}

    /// Who moves no byte: a caller that takes none holds the upstream back as well.
    var idleSide: AccessRecord.Abort { stream.isWritable ? .upstream : .client }

    /// The upstream's answer is no longer wanted.
    private func releaseUpstream() {
        switch phase {
        case .forwarding(let upstream): upstream.cancel()
        case .leasing: pool?.forget(self)
        case .idle, .answering: break
        }
        phase = .answering
    }
}

// MARK: - Ends

extension Exchange {
    /// Answers in the gateway's own words.
    func refuse(_ refusal: Refusal) {
        phase = .answering
        let response = GatewayResponse(refusal)
        record.refused(response, refusal)
        explain(refusal)
        loop.metrics.countRefusal(response.kind.rawValue, decision: record.decision)
        if let body = response.body {
            let text = UnsafeRawBufferPointer(start: body.utf8Start, count: body.utf8CodeUnitCount)
            answer(response, body: ByteBuffer(bytes: text))
        } else {
            answer(response, body: ByteBuffer(bytes: denialBody(refusal)))
        }
    }

    /// Costs as little as a refusal can: nothing was looked at.
    private func refuseForOverload() {
        loop.overloadRefusals &+= 1
        refuse(.overload)
    }

    /// Callers that were refused at once must not all come back at once: after memory ran out, 1 to 4 s, by the last bits of
    /// an identifier that is random.
    private var retryAfter: StaticString {
        guard loop.isRefusing, let last = record.extendedID.dropLast().last else { return "1" }
        return switch last & 3 {
        case 0: "1"
        case 1: "2"
        case 2: "3"
        default: "4"
        }
    }

    private func answer(_ response: GatewayResponse, body: ByteBuffer) {
        responseStarted = true
        record.status = response.status
        stream.beginHead(status: response.status)
        stream.addField("Content-Type", "application/json")
        stream.addField("x-amzn-ErrorType", response.errorType)
        if response.status == 503 { stream.addField("Retry-After", retryAfter) }
        addGatewayFields()
        stream.endHead(.length(body.readableBytes))
        stream.sendBody(body)
        finish(bodyBytes: body.readableBytes)
    }

    /// The fields that every response of ours carries (reference, section 2.7).
    func addGatewayFields() {
        record.withIdentifiers { request, extended in
            stream.addField("x-amzn-RequestId", request)
            stream.addField("x-amz-apigw-id", extended)
        }
        let date = loop.date.bytes(epochNanoseconds: record.answerWall)
        stream.addField("Date", date.bindMemory(to: UInt8.self).span)
    }

    /// Ends a response that has begun and cannot be finished.
    func cut(_ reason: String, by side: AccessRecord.Abort) {
        record.failed(reason)
        end(abortedBy: side)
        stream.abort()
    }

    /// The response is whole: records the exchange, then lets the stream take the next request.
    ///
    /// - Parameter bodyBytes: of a body made here, which an answer to HEAD leaves out.
    func finish(bodyBytes: Int = 0, trailers: TrailerSection? = nil) {
        if bodyBytes > 0, head?.index.method != .head { record.responseBytes = bodyBytes }
        end(abortedBy: .none)
        stream.sendEnd(trailers: trailers)
    }

    /// Keeps the record and forgets the request.
    func end(abortedBy abort: AccessRecord.Abort) {
        write(abortedBy: abort)
        remember()
        phase = .idle
        head = nil
        domain = nil
        api = nil
        stage = nil
        route = nil
        pool = nil
        requestEnded = false
        attempts = 0
        responseStarted = false
        record.reset()
    }
}
