package import NIOCore
package import PosternHTTP
import PosternModel
import PosternTelemetry

extension Exchange {
    /// Spends the permit: answers from the mock, or passes the request on.
    func integrate(_ permit: consuming Permit, _ head: RequestHead) {
        let route = permit.route
        switch route.planned.integration {
        case .mock(let mock): answer(mock)
        case .httpProxy(let proxy): lease(route, proxy, fresh: false)
        }
    }

    private func answer(_ mock: MockIntegration) {
        phase = .answering
        responseStarted = true
        record.status = mock.status
        stream.beginHead(status: mock.status)
        var hasContentType = false
        for header in mock.headers {
            if Array(header.name.utf8).span.equalsIgnoringCase("content-type") { hasContentType = true }
            stream.addField(prefix: "", Array(header.name.utf8).span, Array(header.value.utf8).span)
        }
        let hasBody = mock.status != 204 && mock.status != 304
        if hasBody, !hasContentType { stream.addField("Content-Type", "application/json") }
        addGatewayFields()
        stream.endHead(hasBody ? .length(mock.body.count) : .none(declaredLength: nil))
        if hasBody { stream.sendBody(ByteBuffer(bytes: mock.body)) }
        finish(bodyBytes: hasBody ? mock.body.count : 0)
    }

    // MARK: Leasing

    private func lease(_ route: ServedRoute, _ proxy: HTTPProxyIntegration, fresh: Bool) {
        phase = .leasing
        // Nothing of the body is taken before there is somewhere to put it: a request can be tried again until then.
        if !requestEnded, head?.index.framing != BodyFraming.none { stream.pauseReading() }
        // Set only when the request was tried before.
        let target = route.nextTarget(besides: pool)
        record.upstream = target.name
        pool = target.pool
        isAskingForLease = true
        target.pool.lease(
            to: self, connectTimeout: .milliseconds(Int64(proxy.connectTimeoutMilliseconds)), fresh: fresh)
        isAskingForLease = false
    }

    /// Sends again what was never sent, or what may be sent twice and a connection closed under: a kept one, or any where
    /// there is another target. Once, and only while none of the body has gone.
    private func retries(after failure: UpstreamFailure) -> Bool {
        guard attempts == 0, !responseStarted, let route, case .httpProxy(let proxy) = route.planned.integration else {
            return false
        }
        var fresh = false
        switch failure {
        case .resolve, .connect, .connectTimeout:
            guard route.targetCount > 1 else { return false }
        case .tls:
            // Behind the handshake something has been sent.
            guard case .leasing = phase, route.targetCount > 1 else { return false }
        case .closedBeforeResponse(let wasReused):
            guard wasReused || route.targetCount > 1 else { return false }
            // What the upstream was sent decides, not what the caller sent.
            guard (proxy.method ?? method).wire.isIdempotent, head?.index.framing == BodyFraming.none else {
                return false
            }
            // Another kept connection may have closed as well.
            fresh = true
        default:
            return false
        }
        attempts = 1
        loop.metrics.count(.retry)
        lease(route, proxy, fresh: fresh)
        return true
    }
}

// MARK: - Toward the upstream

extension Exchange: LeaseReceiver {
    package func leased(_ connection: UpstreamConnection) {
        guard case .leasing = phase, let head, let route, case .httpProxy(let proxy) = route.planned.integration else {
            return connection.release()
        }
        loop.metrics.count(connection.uses > 0 ? .reuse : .connect)
        phase = .forwarding(connection)
        record.sent()
        sendHead(head, route, proxy, to: connection)
        if requestEnded {
            connection.sendEnd(trailers: nil)
        } else if head.index.framing == BodyFraming.none {
            // The end of a request without a body follows in this very call of the connection.
        } else {
            stream.sendContinue()
            stream.resumeReading()
            // Leased at once, the head waits for the end of the read, which may bring the body along.
            if !isAskingForLease { connection.flush() }
        }
    }

    private func sendHead(
        _ head: RequestHead, _ route: ServedRoute, _ proxy: HTTPProxyIntegration, to upstream: UpstreamConnection
    ) {
        let buffer = head.bytes
        let bytes = buffer.readableBytesUInt8Span
        let method = (proxy.method ?? self.method).wire
        let name = method.name
        let token = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        upstream.beginRequest(method, token: token.span, timeout: .milliseconds(Int64(proxy.timeoutMilliseconds)))
        appendTarget(head, bytes, proxy, to: upstream)
        let (fixed, forwarded) = (route.fixedFields, caller.forwardedFields)
        upstream.addRendered(fixed.span)
        upstream.addRendered(forwarded.span)
        if proxy.forwardClientCertificate != .off, let secured = caller.secured {
            let fields = secured.certificateFields(proxy.forwardClientCertificate)
            upstream.addRendered(fields.span)
        }
        record.withIdentifiers { request, _ in upstream.addField("X-Amzn-RequestId", request) }
        addTraceID(head, bytes, to: upstream)
        for line in head.index.fields where line.passesToUpstream(bytes) {
            upstream.addField(bytes.extracting(line.name.range), bytes.extracting(line.value.range))
        }
        let expectsContent = method == .post || method == .put || method == .patch
        upstream.endRequestHead(head.index.framing, hasBodySemantics: expectsContent)
    }

    /// The URI's path with this request's parameters, the URI's query, then the client's.
    private func appendTarget(
        _ head: RequestHead, _ bytes: Span<UInt8>, _ proxy: HTTPProxyIntegration, to upstream: UpstreamConnection
    ) {
        let path = bytes.extracting(head.index.path.range)
        let rest = path.extracting(record.pathOffset..<path.count)
        for piece in proxy.path {
            switch piece {
            case .literal(let text): upstream.appendTarget(text.span)
            case .parameter(let index): upstream.appendTarget(rest.extracting(captures[index]))
            }
        }
        let query = proxy.query
        if !query.isEmpty {
            upstream.appendTarget("?")
            upstream.appendTarget(query.span)
        }
        if !head.index.query.isEmpty {
            upstream.appendTarget(query.isEmpty ? "?" : "&")
            upstream.appendTarget(bytes.extracting(head.index.query.range))
        }
        upstream.endTarget()
    }

    /// The caller's trace id goes on; a request without one begins a trace (reference, section 10.7).
    private func addTraceID(_ head: RequestHead, _ bytes: Span<UInt8>, to upstream: UpstreamConnection) {
        if let field = head.index.traceID {
            upstream.addField("X-Amzn-Trace-Id", bytes.extracting(head.index.fields[field].value.range))
        } else {
            record.withTraceRoot(&loop.identifiers) { upstream.addField("X-Amzn-Trace-Id", $0) }
        }
    }

    package func upstreamWritabilityChanged(isWritable: Bool) {
        if isWritable, case .forwarding = phase { stream.resumeReading() }
    }
}

// MARK: - Back to the caller

extension Exchange {
    package func receiveInformational(_ head: ResponseHead) {
        // HTTP/1.0 has no 1xx (RFC 9110, section 15.2).
        guard self.head?.index.minorVersion == 1 else { return }
        let buffer = head.bytes
        let bytes = buffer.readableBytesUInt8Span
        stream.beginHead(status: head.index.status)
        for line in head.index.fields where line.responseHandling == .pass {
            stream.addField(prefix: "", bytes.extracting(line.name.range), bytes.extracting(line.value.range))
        }
        stream.endInformationalHead()
    }

    package func receiveResponse(_ head: ResponseHead) {
        responseStarted = true
        record.received(status: head.index.status)
        let buffer = head.bytes
        let bytes = buffer.readableBytesUInt8Span
        // Once, not for every field: the stream is asked some ten times here.
        let stream = stream
        stream.beginHead(status: head.index.status)
        var declaredLength: Int?
        var hasContentType = false
        for line in head.index.fields {
            let name = bytes.extracting(line.name.range)
            let value = bytes.extracting(line.value.range)
            switch line.responseHandling {
            case .pass:
                if line.known == .contentType { hasContentType = true }
                stream.addField(prefix: "", name, value)
            case .remap:
                stream.addField(prefix: "x-amzn-Remapped-", name, value)
                if line.known == .contentLength { declaredLength = Self.decimal(value) }
            case .drop:
                break
            }
        }
        let body = responseBody(head, declaredLength: declaredLength)
        if !hasContentType, head.index.status != 204, head.index.status != 304 {
            stream.addField("Content-Type", "application/json")
        }
        addGatewayFields()
        stream.endHead(body)
    }

    private func responseBody(_ head: ResponseHead, declaredLength: Int?) -> ResponseBody {
        switch head.index.framing {
        case .length(let length): return .length(length)
        case .chunked, .untilClose: return .streamed
        case .none:
            if head.index.status == 204 { return .none(declaredLength: nil) }
            if head.index.status == 304 { return .none(declaredLength: declaredLength) }
            // A HEAD that became of another method by override has a body to the caller's eyes, an empty one.
            if self.head?.index.method == .head { return .none(declaredLength: declaredLength) }
            return .length(0)
        }
    }

    /// The parser has checked that these are digits, sixteen at most.
    private static func decimal(_ digits: Span<UInt8>) -> Int {
        var number = 0
        for index in 0..<digits.count { number = number &* 10 &+ Int(digits[index] &- 0x30) }
        return number
    }

    package func receiveResponseBody(_ bytes: ByteBuffer) {
        record.responseBytes &+= bytes.readableBytes
        stream.sendBody(bytes)
    }

    package func receiveResponseReadComplete() {
        guard case .forwarding(let upstream) = phase, responseStarted else { return }
        stream.flush()
        if !stream.isWritable { upstream.pauseReading() }
    }

    package func receiveResponseEnd(trailers: TrailerSection?) {
        phase = .answering
        finish(trailers: trailers)
    }

    package func upstreamFailed(_ failure: UpstreamFailure) {
        switch failure {
        case .connect, .resolve: loop.metrics.count(.connectFailure)
        case .exhausted:
            loop.metrics.count(.connectFailure)
            loop.closeIdleUpstreams()
        case .connectTimeout: loop.metrics.count(.connectTimeout)
        case .responseTimeout: loop.metrics.count(.responseTimeout)
        default: break
        }
        guard head != nil else { return }
        if retries(after: failure) { return }
        phase = .answering
        guard responseStarted else { return refuse(.integration(failure)) }
        cut(failure.reason, by: failure == .streamIdle ? idleSide : .upstream)
    }
}
