import Foundation
import NIOCore
import NIOPosix
import PosternTLS
import TestAuthority
import Testing

@testable import PosternHTTP

/// Against other people's TLS: curl and OpenSSL's own programs, over real sockets.
@Suite struct TLSPeersTests {
    /// A loop with a listener that answers every request with `hello <subject>`.
    private final class Listener {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel: any Channel
        let failures = FailureList()
        var port: Int { channel.localAddress!.port! }

        init(_ context: TLSContext) throws {
            let loop = group.next()
            let failures = self.failures
            let parts = try loop.submit {
                NIOLoopBound((space: TLSLoopSpace(), wheel: DeadlineWheel(eventLoop: loop)), eventLoop: loop)
            }.wait()
            channel = try ServerBootstrap(group: group)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let (space, wheel) = parts.value
                        try channel.pipeline.syncOperations.addHandlers([
                            TLSHandler(context, space: space, wheel: wheel, timeout: .seconds(10), observer: failures),
                            Responder(),
                        ])
                    }
                }
                .bind(host: "127.0.0.1", port: 0).wait()
        }

        func stop() {
            try? channel.close().wait()
            try? group.syncShutdownGracefully()
        }
    }

    private final class FailureList: TLSObserver, @unchecked Sendable {
        // Written on the loop; read by tests under the lock.
        private let lock = NSLock()
        private var list: [TLSFailure] = []

        var all: [TLSFailure] { lock.withLock { list } }

        func handshakeEnded(_ result: Result<TLSHandshakeResult, TLSFailure>, on channel: any Channel) {
            if case .failure(let failure) = result { lock.withLock { list.append(failure) } }
        }
    }

    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var name = "nobody"
        private var isResumed = false
        private var request = ""

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard let result = event as? TLSHandshakeResult else { return }
            name = result.peer?.identity.subject ?? "nobody"
            isResumed = result.isResumed
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            request += String(buffer: Self.unwrapInboundIn(data))
            guard request.hasSuffix("\r\n\r\n") else { return }
            let isLarge = request.hasPrefix("GET /large")
            let isLast = request.contains("Connection: close")
            request = ""
            let body = isLarge ? String(repeating: "x", count: 3 << 20) : "hello \(name)\(isResumed ? " again" : "")\n"
            context.write(
                NIOAny(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n")),
                promise: nil)
            context.writeAndFlush(NIOAny(ByteBuffer(string: body)), promise: nil)
            if isLast { context.close(mode: .output, promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private static var folder: String { NSTemporaryDirectory() + "postern-tls-\(getpid())" }

    /// The estate's files, for programs; gone when this process ends.
    private static let files: String = {
        atexit { try? FileManager.default.removeItem(atPath: TLSPeersTests.folder) }
        try! FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, made) in [("server", TLSEstate.server), ("client", TLSEstate.client), ("root", TLSEstate.root)] {
            try! (made.pem + made.key.pem).write(toFile: "\(folder)/\(name).pem", atomically: true, encoding: .utf8)
        }
        return folder
    }()

    /// Runs a program to its end.
    private func run(_ program: String, _ arguments: [String], input: String = "") throws -> (
        text: String, status: Int32
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/\(program)")
        process.arguments = arguments
        let (given, output) = (Pipe(), Pipe())
        process.standardInput = given
        process.standardOutput = output
        process.standardError = output
        try process.run()
        given.fileHandleForWriting.write(Data(input.utf8))
        try given.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text, process.terminationStatus)
    }

    private func curl(_ port: Int, _ more: [String], path: String = "/") throws -> (text: String, status: Int32) {
        try run(
            "curl",
            ["-sS", "-m", "20", "--cacert", "\(Self.files)/root.pem", "https://localhost:\(port)\(path)"] + more)
    }

    private var certificate: [String] { ["--cert", "\(Self.files)/client.pem"] }

    // MARK: Callers

    @Test(arguments: [["--tls-max", "1.2"], ["--tlsv1.3"]]) func `curl with its certificate is known by name`(
        version: [String]
    ) throws {
        let listener = try Listener(TLSEstate.server())
        defer { listener.stop() }
        #expect(try curl(listener.port, certificate + version).text == "hello CN=client\n")
        let large = try curl(
            listener.port, certificate + version + ["-o", "/dev/null", "-w", "%{size_download}"], path: "/large")
        #expect(large.text == "\(3 << 20)" && large.status == 0)
    }

    @Test(arguments: [["--tls-max", "1.2"], ["--tlsv1.3"]]) func `curl reads in the alert why it was refused`(
        version: [String]
    ) throws {
        let listener = try Listener(TLSEstate.server(Trusting(except: "CN=client")))
        defer { listener.stop() }
        let refused = try curl(listener.port, certificate + version)
        #expect(refused.status != 0 && refused.text.contains("alert certificate revoked"), "\(refused.text)")
        let missing = try curl(listener.port, version)
        let alert = version == ["--tlsv1.3"] ? "certificate required" : "handshake failure"
        #expect(missing.status != 0 && missing.text.contains(alert), "\(missing.text)")
        #expect(Set(listener.failures.all.map(\.kind)) == [.certificateRefused, .certificateMissing])
    }

    @Test func `curl without TLS reads a clear 400`() throws {
        let listener = try Listener(TLSEstate.server())
        defer { listener.stop() }
        let answer = try run(
            "curl", ["-sS", "-m", "20", "-w", " %{http_code}", "http://127.0.0.1:\(listener.port)/"])
        #expect(answer.text == "{\"message\":\"This port speaks TLS; use https instead of http.\"} 400")
        let upload = try run(
            "curl",
            ["-sS", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "-T", "/usr/bin/curl"]
                + ["http://127.0.0.1:\(listener.port)/"])
        #expect(upload.text.hasSuffix("400"))
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func `openssl's client resumes its session`(version: String) throws {
        let keys = try TicketKeys(file: (0..<80).map { $0 })
        let listener = try Listener(TLSEstate.server { $0.ticketKeys = keys })
        defer { listener.stop() }
        let session = "\(Self.files)/session\(version)"
        let common = [
            "s_client", "-connect", "127.0.0.1:\(listener.port)", "-servername", "localhost", version, "-ign_eof",
            "-cert", "\(Self.files)/client.pem", "-CAfile", "\(Self.files)/root.pem",
        ]
        // Its client stays until the server closes.
        let request = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
        let first = try run("openssl", common + ["-sess_out", session], input: request)
        #expect(first.text.contains("hello CN=client\n"), "\(first.text)")
        let second = try run("openssl", common + ["-sess_in", session], input: request)
        #expect(second.text.contains("hello CN=client again\n"), "\(second.text)")
    }

    // MARK: Upstreams

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func `openssl's server is spoken to with our certificate`(
        version: String
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = [
            "s_server", "-accept", "127.0.0.1:0", "-www", version, "-Verify", "2", "-verify_return_error",
            "-cert", "\(Self.files)/server.pem", "-CAfile", "\(Self.files)/root.pem",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // It may have been started with SIGTERM blocked, as this process's threads are.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        var text = ""
        while !text.contains("\n") || !text.contains("ACCEPT") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            text += String(decoding: more, as: UTF8.self)
        }
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("ACCEPT") })
        let port = try #require(line.split(separator: ":").last.flatMap { Int($0) })

        let sessions = ClientSessions()
        let context = try TLSEstate.client()
        for isResumed in [false, true] {
            let answer = try ask(context, port: port, sessions: sessions)
            #expect(answer.text.contains("HTTP/1.0 200 ok"), "\(answer.text.prefix(200))")
            #expect(answer.text.contains("CN = client") || answer.text.contains("CN=client"))
            #expect(answer.result?.peer?.identity.subject == "CN=server")
            #expect(answer.result?.isResumed == isResumed)
        }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var text = ""
        private var result: TLSHandshakeResult?
        let promise: EventLoopPromise<(text: String, result: TLSHandshakeResult?)>

        init(_ promise: EventLoopPromise<(text: String, result: TLSHandshakeResult?)>) { self.promise = promise }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? TLSHandshakeResult { result = event }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: Self.unwrapInboundIn(data))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { text += "error: \(error)" }

        func channelInactive(context: ChannelHandlerContext) { promise.succeed((text, result)) }
    }

    private func ask(
        _ context: TLSContext, port: Int, sessions: ClientSessions
    ) throws -> (text: String, result: TLSHandshakeResult?) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let promise = group.next().makePromise(of: (text: String, result: TLSHandshakeResult?).self)
        let channel = try ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(
                            context, serverName: "localhost", sessions: sessions, space: TLSLoopSpace(),
                            wheel: DeadlineWheel(eventLoop: channel.eventLoop), timeout: .seconds(10), observer: nil),
                        Collector(promise),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).wait()
        channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.0\r\n\r\n"), promise: nil)
        return try promise.futureResult.wait()
    }
}
