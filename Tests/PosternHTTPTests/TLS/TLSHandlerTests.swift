import NIOCore
import NIOEmbedded
import PosternTLS
import TestAuthority
import Testing

@testable import PosternHTTP

@Suite struct TLSHandlerTests {
    private func ends(_ version: TLSVersion = .tls13, _ verifier: any PeerVerifier = Trusting()) throws -> TLSEnds {
        try TLSEnds(
            client: TLSEstate.client { $0.maximumVersion = version }, server: TLSEstate.server(verifier))
    }

    // MARK: Data

    @Test(arguments: [TLSVersion.tls12, .tls13], [nil, 1, 7])
    func `the handshake is told before the first byte, however records come`(version: TLSVersion, step: Int?) throws {
        let ends = try ends(version)
        // Written before there are keys; it waits.
        ends.client.write("GET")
        try ends.exchange(step: step)
        ends.server.write("200")
        try ends.exchange(step: step)
        #expect(ends.server.recorder.events == [.handshake(isResumed: false, subject: "CN=client"), .bytes("GET")])
        #expect(ends.client.recorder.events == [.handshake(isResumed: false, subject: "CN=server"), .bytes("200")])
        #expect(ends.server.recorder.handshakes.count == 1 && ends.server.recorder.failure == nil)
    }

    @Test func `what is written together leaves together, in full records`() throws {
        let ends = try ends()
        try ends.exchange()
        for _ in 0..<100 { ends.server.channel.write(ByteBuffer(repeating: 0x61, count: 400), promise: nil) }
        ends.server.channel.flush()
        let sent = try ends.server.sent()
        #expect(sent.count == 1)
        // Three records with 22 bytes each beside their content.
        #expect(sent[0].readableBytes == 40_000 + 3 * 22)
        try ends.client.channel.writeInbound(sent[0])
        #expect(ends.client.recorder.received == 40_000)
    }

    @Test func `a large body goes in handfuls, and its promise is kept`() throws {
        let ends = try ends()
        try ends.exchange()
        var isWritten = false
        let promise = ends.server.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { isWritten = true }
        for index in 0..<32 {
            ends.server.channel.write(
                ByteBuffer(repeating: UInt8(index), count: 32_768), promise: index == 31 ? promise : nil)
        }
        #expect(!isWritten)
        ends.server.channel.flush()
        #expect(isWritten)
        for bytes in try ends.server.sent() { try ends.client.channel.writeInbound(bytes) }
        #expect(ends.client.recorder.received == 1 << 20)
    }

    @Test func `answers within one read leave in one write`() throws {
        final class Echo: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                var bytes = Self.unwrapInboundIn(data)
                while let one = bytes.readSlice(length: 1) { context.writeAndFlush(NIOAny(one), promise: nil) }
            }
        }
        let ends = try ends()
        try ends.exchange()
        try ends.server.channel.pipeline.syncOperations.addHandler(Echo(), position: .after(ends.server.handler))
        ends.client.write("abc")
        for bytes in try ends.client.sent() { try ends.server.channel.writeInbound(bytes) }
        #expect(try ends.server.sent().count == 1)
    }

    @Test func `a session is resumed with its peer`() throws {
        let (client, sessions, keys) = (
            try TLSEstate.client(), ClientSessions(), try TicketKeys(file: (0..<80).map { $0 })
        )
        let server = try TLSEstate.server { $0.ticketKeys = keys }
        for isResumed in [false, true, true] {
            let ends = try TLSEnds(client: client, server: server, sessions: sessions)
            try ends.exchange()
            #expect(ends.server.recorder.events == [.handshake(isResumed: isResumed, subject: "CN=client")])
        }
    }

    // MARK: Endings

    @Test func `closing the output says so, and the peer's answer ends the connection`() throws {
        let ends = try ends()
        try ends.exchange()
        ends.server.channel.close(mode: .output, promise: nil)
        try ends.exchange()
        #expect(ends.client.recorder.events.suffix(1) == [.inactive])
        #expect(!ends.client.recorder.events.contains(.failed(.truncated)))
    }

    @Test func `an end without close_notify is told as truncation`() throws {
        let ends = try ends()
        try ends.exchange()
        ends.server.write("part")
        try ends.exchange()
        ends.client.channel.pipeline.fireChannelInactive()
        #expect(ends.client.recorder.events.suffix(3) == [.bytes("part"), .failed(.truncated), .inactive])
    }

    @Test(arguments: [true, false]) func `an abort looks like none of our ends`(isAborted: Bool) throws {
        let ends = try ends()
        try ends.exchange()
        if isAborted { try ends.server.channel.triggerUserOutboundEvent(TLSAbort()).wait() }
        ends.server.channel.close(promise: nil)
        #expect(try ends.server.sent().isEmpty == isAborted)
    }

    @Test func `plaintext that was never flushed makes the end improper`() throws {
        let ends = try ends()
        try ends.exchange()
        ends.server.channel.write(ByteBuffer(string: "lost"), promise: nil)
        ends.server.channel.close(promise: nil)
        #expect(try ends.server.sent().isEmpty)
    }

    @Test func `a record that was changed is an error, and the peer hears of it`() throws {
        let ends = try ends()
        try ends.exchange()
        ends.client.write("hello")
        var bytes = try #require(try ends.client.sent().first)
        bytes.setInteger(bytes.getInteger(at: 9, as: UInt8.self)! ^ 1, at: 9)
        try ends.server.channel.writeInbound(bytes)
        #expect(ends.server.recorder.events.suffix(2) == [.failed(.protocolError), .inactive])
        try ends.exchange()
        #expect(ends.client.recorder.events.suffix(2) == [.failed(.peerAlert), .inactive])
    }

    // MARK: Refusals

    @Test(arguments: [TLSVersion.tls12, .tls13]) func `a refused client hears why, and the observer too`(
        version: TLSVersion
    ) throws {
        let ends = try ends(version, Trusting(except: "CN=client"))
        ends.client.write("GET")
        try ends.exchange()
        let failure = try #require(ends.server.recorder.failure)
        #expect(failure.kind == .certificateRefused && failure.reason == "`CN=client` is revoked")
        #expect(ends.server.recorder.events.allSatisfy { $0 == .inactive })
        if version == .tls13 {
            // Its handshake was over before we looked at its certificate.
            #expect(ends.client.recorder.events.contains(.failed(.peerAlert)))
        } else {
            #expect(ends.client.recorder.failure?.alertReceived == .certificateRevoked)
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "P"]) func `plain HTTP is answered in plain HTTP`(
        request: String
    ) throws {
        let server = try TLSEnd(TLSEstate.server())
        try server.channel.writeInbound(ByteBuffer(string: request))
        let answer = try #require(try server.sent().first).readableBytesView
        let text = String(decoding: answer, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        let parts = text.split(separator: "\r\n\r\n")
        #expect(text.contains("Content-Length: \(parts[1].utf8.count)\r\n"))
        #expect(server.recorder.failure?.kind == .plainHTTP)
        #expect(server.recorder.events.allSatisfy { $0 == .inactive })
    }

    @Test func `a peer that goes in the middle, or is too slow, is told to the observer`() throws {
        let gone = try ends()
        for bytes in try gone.client.sent() { try gone.server.channel.writeInbound(bytes) }
        gone.server.channel.pipeline.fireChannelInactive()
        #expect(gone.server.recorder.failure?.kind == .closedInHandshake)

        let slow = try TLSEnd(TLSEstate.server())
        slow.handler.deadlineReached()
        #expect(slow.recorder.failure?.kind == .handshakeTimeout && !slow.channel.isActive)

        let quick = try ends()
        try quick.exchange()
        quick.server.handler.deadlineReached()
        #expect(quick.server.channel.isActive)
    }

    @Test func `a balancer's header goes before TLS`() throws {
        let ends = try ends()
        ends.server.handler.preface = { bytes in
            guard bytes.readableBytes >= 6 else { return .needMore }
            return bytes.readString(length: 6) == "PROXY\n" ? .accepted : .refused
        }
        try ends.server.channel.writeInbound(ByteBuffer(string: "PRO"))
        try ends.server.channel.writeInbound(ByteBuffer(string: "XY\n"))
        try ends.exchange()
        #expect(ends.server.recorder.events == [.handshake(isResumed: false, subject: "CN=client")])
    }

    // MARK: Verdicts that take time

    @Test(arguments: [TLSVersion.tls12, .tls13]) func `what comes while a verdict is waited for is kept until then`(
        version: TLSVersion
    ) throws {
        let verifier = Deferring()
        let ends = try ends(version, verifier)
        ends.client.write("GET")
        try ends.exchange()
        #expect(ends.server.recorder.events.isEmpty)
        verifier.accept()
        ends.server.channel.embeddedEventLoop.run()
        try ends.exchange()
        #expect(ends.server.recorder.events == [.handshake(isResumed: false, subject: "CN=client"), .bytes("GET")])
    }

    @Test func `a connection may close while its verdict is waited for`() throws {
        weak var handler: TLSHandler?
        let verifier = Deferring()
        do {
            let ends = try ends(.tls13, verifier)
            try ends.exchange()
            handler = ends.server.handler
            _ = try? ends.server.channel.finish()
            verifier.accept()
            ends.server.channel.embeddedEventLoop.run()
            #expect(ends.server.recorder.failure?.kind == .closedInHandshake)
        }
        #expect(handler == nil)
    }
}
