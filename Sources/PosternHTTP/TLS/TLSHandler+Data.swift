package import NIOCore
import PosternTLS

/// Plaintext both ways.
extension TLSHandler {
    private enum Ending { case wantsInput, ended, failed(TLSFailure) }

    /// Decrypts all that was received and passes it up, usually in one piece.
    func decrypt(_ context: ChannelHandlerContext) {
        guard let session, records.incoming.readableBytes > 0 || session.hasPending else { return }
        while case .open = state {
            // Plaintext is shorter than its records; a record whose rest has just come may need another round.
            let room = min(max(records.incoming.readableBytes, 1_024), Self.handOverBytes)
            var plaintext = space.takePlaintext(room)
            let ending = fill(&plaintext, from: session)
            space.keep(plaintext: plaintext)
            if plaintext.readableBytes > 0 {
                context.fireChannelRead(Self.wrapInboundOut(plaintext))
            }
            plaintext = ByteBuffer()
            switch ending {
            case nil: continue
            case .wantsInput: return
            case .ended: return peerEnded(context)
            case .failed(let failure): return broke(failure, context)
            }
        }
    }

    /// - Returns: nil when the buffer is full and there may be more.
    private func fill(_ plaintext: inout ByteBuffer, from session: TLSSession) -> Ending? {
        while plaintext.writableBytes > 0 {
            var ending: Ending?
            plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { space in
                do {
                    switch try session.read(into: space) {
                    case .bytes(let count): return count
                    case .wantsInput: ending = .wantsInput
                    case .ended: ending = .ended
                    }
                } catch {
                    ending = .failed(error as! TLSFailure)
                }
                return 0
            }
            if let ending { return ending }
            if records.incoming.readableBytes == 0, !session.hasPending { return .wantsInput }
        }
        return nil
    }

    /// The peer has ended its side; as with a FIN on plain TCP, that ends the connection.
    private func peerEnded(_ context: ChannelHandlerContext) {
        guard case .open = state else { return }
        close(context: context, mode: .all, promise: nil)
    }

    private func broke(_ failure: TLSFailure, _ context: ChannelHandlerContext) {
        guard case .open = state else { return }
        // OpenSSL's alert goes first; nothing may follow it.
        handOver(context, flushes: true)
        state = .closed
        context.fireErrorCaught(failure)
        context.close(promise: nil)
    }

    // MARK: Writing

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch state {
        case .discarding, .closed:
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        case .opening, .handshaking, .open: break
        }
        if let promise {
            if let waiting { waiting.futureResult.cascade(to: promise) } else { waiting = promise }
        }
        var bytes = Self.unwrapOutboundIn(data)
        if held.readableBytes == 0 {
            held = bytes
        } else {
            held.writeBuffer(&bytes)
        }
        guard case .open = state, held.readableBytes >= Self.recordBytes else { return }
        encrypt(context, fullRecordsOnly: true)
        if records.outgoing.readableBytes >= Self.handOverBytes { handOver(context, flushes: false) }
    }

    package func flush(context: ChannelHandlerContext) {
        guard case .open = state else { return }
        if held.readableBytes > 0 { encrypt(context) }
        if !isReading { handOver(context, flushes: true) }
    }

    func encrypt(_ context: ChannelHandlerContext, fullRecordsOnly: Bool = false) {
        guard let session else { return }
        let all = held.readableBytes
        let count = fullRecordsOnly ? all / Self.recordBytes * Self.recordBytes : all
        guard count > 0 else { return }
        do {
            try held.readWithUnsafeReadableBytes { bytes in
                try session.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                return count
            }
        } catch {
            held = ByteBuffer()
            return broke(error as! TLSFailure, context)
        }
        if count == all { held = ByteBuffer() }
    }

    /// Gives the records to the channel.
    func handOver(_ context: ChannelHandlerContext, flushes: Bool) {
        if records.outgoing.readableBytes > 0 {
            let bytes = records.takeOutgoing()
            let promise = held.readableBytes == 0 ? waiting.take() : nil
            context.write(Self.wrapOutboundOut(bytes), promise: promise)
            if flushes {
                hasUnflushed = false
                context.flush()
            } else {
                hasUnflushed = true
            }
            space.reuse(records: consume bytes)
        } else if flushes, hasUnflushed {
            hasUnflushed = false
            context.flush()
        }
    }

    // MARK: Closing

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch (mode, state) {
        case (.output, .open):
            if held.readableBytes > 0 { encrypt(context) }
            endOutput(context)
        case (.all, .open):
            // Plaintext that was never flushed is lost, as on plain TCP, and then the end is not a proper one.
            if !isAborted, held.readableBytes == 0 { endOutput(context) }
            state = .closed
        case (.all, .opening), (.all, .handshaking):
            state = .closed
            report(.failure(TLSFailure(.closedInHandshake, "the handshake was given up")), context)
        case (.all, _): state = .closed
        default: break
        }
        context.close(mode: mode, promise: promise)
    }

    private func endOutput(_ context: ChannelHandlerContext) {
        session?.closeOutput()
        handOver(context, flushes: true)
    }

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is TLSAbort else { return context.triggerUserOutboundEvent(event, promise: promise) }
        isAborted = true
        promise?.succeed()
    }
}
