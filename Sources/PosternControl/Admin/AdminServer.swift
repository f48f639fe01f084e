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

    /// - Parameters:
    ///   - changing: sockets on which each peer has the role that `access` gives it: the Unix socket.
    ///   - reading: sockets that only answer questions: the loopback port.
    package static func start(
        on eventLoop: any EventLoop, service: any AdminService, access: AdminAccess, changing: [CInt], reading: [CInt]
    ) async throws -> AdminServer {
        let server = try await eventLoop.submit {
            let server = HTTPServer(
                eventLoop: eventLoop, wheel: DeadlineWheel(eventLoop: eventLoop), inquiry: .groups)
            return NIOLoopBound(server, eventLoop: eventLoop)
        }.get()
        let admin = AdminServer(eventLoop: eventLoop, server: server, access: access)
        for descriptor in changing + reading {
            try await eventLoop.flatSubmit { server.value.listen(on: descriptor, admin.listener(service)) }.get()
        }
        return admin
    }

    /// The roles from the next request on, also of connections that are open.
    package func adopt(_ access: AdminAccess) { self.access.withLock { $0 = access } }

    package func stop() async throws {
        try await eventLoop.submit {
            self.server.value.drain()
            _ = self.server.value.closeAll()
        }.get()
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
