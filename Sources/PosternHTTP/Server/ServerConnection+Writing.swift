import Glibc
package import NIOCore

/// The way back: the response's bytes, and what its end means for the connection.
extension ServerConnection: ServerStream {
    package var isWritable: Bool { channelIsWritable }

    package func sendContinue() {
        guard awaitsContinue, case .waiting = outbound else { return }
        awaitsContinue = false
        writer.beginHead(status: 100)
        writer.endHead()
        flush()
    }

    package func beginHead(status: Int) { writer.beginHead(status: status) }

    package func addField(prefix: StaticString, _ name: Span<UInt8>, _ value: Span<UInt8>) {
        writer.field(prefix: prefix, name, value)
    }

    package func addField(_ name: StaticString, _ value: Span<UInt8>) { writer.field(name, value) }
    package func addField(_ name: StaticString, _ value: StaticString) { writer.field(name, value) }

    package func endInformationalHead() {
        // Only HTTP/1.1 clients know 1xx (RFC 9110, section 15.2).
        writer.endHead()
        flush()
    }

    package func endHead(_ body: ResponseBody) {
        switch body {
        case .none(let declared):
            if let declared { writer.field("Content-Length", decimal: declared) }
        case .length(let length):
            writer.field("Content-Length", decimal: length)
        case .streamed:
            if isHeadRequest { break }
            if isHTTP10 { keepsAlive = false } else { writer.append("Transfer-Encoding: chunked\r\n") }
        }
        // A caller that is still sending when it has its answer may not be worth waiting for.
        if !keepsUnreadBody || !server.keepsConnections { keepsAlive = false }
        writer.append(keepsAlive ? "Connection: keep-alive\r\n" : "Connection: close\r\n")
        writer.endHead()
        outbound = .body(body)
    }

    /// Whether what is left of the request is small enough to read on.
    private var keepsUnreadBody: Bool {
        switch inboundState {
        case .complete: true
        case .length(let remaining): remaining <= Self.discardToKeep && !awaitsContinue
        case .chunked: !awaitsContinue
        default: false
        }
    }

    package func sendBody(_ bytes: ByteBuffer) {
        guard case .body(let body) = outbound, bytes.readableBytes > 0, !isHeadRequest else { return }
        let isChunked = body == .streamed && !isHTTP10
        writer.sendBody(bytes, isChunked: isChunked, to: context)
    }

    package func sendEnd(trailers: TrailerSection?) {
        guard case .body(let body) = outbound else { return }
        if body == .streamed, !isHTTP10, !isHeadRequest { writer.lastChunk(trailers) }
        outbound = .ended
        awaitsContinue = false
        flush()
        endExchange()
    }

    private func endExchange() {
        switch inboundState {
        case .length, .chunked:
            if !keepsAlive { return closeAfterFlush() }
            server.wheel.set(deadline, after: Self.lingerTime)
            isReadingPaused = false
            releaseHeldRead()
        case .discarding:
            return closeAfterFlush()
        default: break
        }
        processHeld()
    }

    package func flush() {
        guard let context else { return }
        if case .body = outbound {
            server.wheel.set(deadline, after: server.loaded(listener.settings.timeouts.streamIdle))
        }
        writer.flush(to: context)
    }

    package func pauseReading() { isReadingPaused = true }

    package func resumeReading() {
        guard isReadingPaused else { return }
        isReadingPaused = false
        processHeld()
    }

    package func abort() {
        markCut()
        outbound = .ended
        context?.close(promise: nil)
    }

    /// The close that follows must not be taken for the response's end.
    func markCut() {
        // A body that ends with its connection (HTTP/1.0) would look whole to the caller; a reset does not.
        if case .body(.streamed) = outbound, isHTTP10, let socket = context?.channel as? any SocketOptionProvider {
            _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        context?.triggerUserOutboundEvent(TLSAbort(), promise: nil)
    }
}
