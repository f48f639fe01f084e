package import NIOCore
import PosternHTTP
import Synchronization

/// The admin endpoint: the same server as the data plane's, on an event loop of its own, so that asking how the gateway is
/// never costs a request anything.
package final class AdminServer: Sendable {
    private let eventLoop: any EventLoop
    private let server: NIOLoopBound<HTTPServer>
    private let access: Mutex<AdminAccess>

    private init(eventLoop: any EventLoop, server: NIOLoopBound<HTTPServer>, access: AdminAccess) {
        self.eventLoop = eventLoop
        self.server = server
        self.access = Mutex(access)
    }

    package static func start(on eventLoop: any EventLoop, access: AdminAccess) async throws -> AdminServer {
        let server = try await eventLoop.submit {
            let server = HTTPServer(
                eventLoop: eventLoop, wheel: DeadlineWheel(eventLoop: eventLoop), inquiry: .groups)
            return NIOLoopBound(server, eventLoop: eventLoop)
        }.get()
        return AdminServer(eventLoop: eventLoop, server: server, access: access)
    }

    /// - Parameter descriptors: of the Unix socket, where each peer has the role that the access gives it, and of the loopback port,
    ///   which only answers questions.
    package func listen(for service: any AdminService, on descriptors: [CInt]) async throws {
        for descriptor in descriptors {
            try await eventLoop.flatSubmit { [self] in server.value.listen(on: descriptor, listener(service)) }.get()
        }
    }

    /// The roles from the next request on, also of connections that are open.
    package func adopt(_ access: AdminAccess) { self.access.withLock { $0 = access } }

    /// Stops accepting until `listen`; connections stay.
    package func pause() async throws { try await eventLoop.flatSubmit { self.server.value.pause() }.get() }

    /// Stops accepting; what was asked is answered.
    package func drain() async throws { try await eventLoop.submit { self.server.value.drain() }.get() }

    /// Answers what was asked, for a second at most, and closes everything.
    package func stop() async throws {
        try await drain()
        for _ in 0..<100 {
            guard try await eventLoop.submit({ self.server.value.busyCount }).get() > 0 else { break }
            try? await Task.sleep(for: .milliseconds(10))
        }
        try await eventLoop.submit { _ = self.server.value.closeAll() }.get()
    }

    /// Connections and bodies are few and small, and whoever stops in the middle of a request is not waited for.
    private func listener(_ service: any AdminService) -> ServerListener {
        var settings = ServerSettings()
        settings.bodyBytes = 65_536
        settings.timeouts.requestHead = .seconds(5)
        settings.timeouts.bodyGap = .seconds(5)
        settings.timeouts.keepAlive = .seconds(60)
        settings.timeouts.streamIdle = .seconds(30)
        return ServerListener(
            endpointID: "admin", vpcID: nil, settings: settings,
            budgets: [ConnectionBudget(most: 64)], observer: nil, trusts: { _ in false },
            nextConnectionID: { 0 },
            makeReceiver: { [eventLoop, weak self] stream in
                AdminRequest(
                    service: service, stream: stream, eventLoop: eventLoop,
                    access: { self?.access.withLock { $0 } })
            })
    }
}
