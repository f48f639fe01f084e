package import NIOCore
import PosternHTTP

/// The admin endpoint: the same server as the data plane's, on an event loop of its own, so that asking how the gateway is
/// never costs a request anything.
package final class AdminServer: Sendable {
    private let eventLoop: any EventLoop
    private let server: NIOLoopBound<HTTPServer>

    private init(eventLoop: any EventLoop, server: NIOLoopBound<HTTPServer>) {
        self.eventLoop = eventLoop
        self.server = server
    }

    package static func start(on eventLoop: any EventLoop) async throws -> AdminServer {
        let server = try await eventLoop.submit {
            NIOLoopBound(
                HTTPServer(eventLoop: eventLoop, wheel: DeadlineWheel(eventLoop: eventLoop)), eventLoop: eventLoop)
        }.get()
        return AdminServer(eventLoop: eventLoop, server: server)
    }

    /// - Parameters:
    ///   - changing: sockets whose peers may also order changes and see policies: the Unix socket, guarded by its mode.
    ///   - reading: sockets that only answer questions: the loopback port.
    package func listen(for service: any AdminService, changing: [CInt], reading: [CInt]) async throws {
        for (descriptors, mayChange) in [(changing, true), (reading, false)] {
            for descriptor in descriptors {
                try await eventLoop.flatSubmit { [self] in
                    server.value.listen(on: descriptor, listener(service, mayChange: mayChange))
                }.get()
            }
        }
    }

    /// Stops accepting until `listen`; connections stay.
    package func pause() async throws { try await eventLoop.flatSubmit { self.server.value.pause() }.get() }

    /// Stops accepting; what was asked is answered.
    package func drain() async throws { try await eventLoop.submit { self.server.value.drain() }.get() }

    package func stop() async throws {
        try await eventLoop.submit {
            self.server.value.drain()
            _ = self.server.value.closeAll()
        }.get()
    }

    private func listener(_ service: any AdminService, mayChange: Bool) -> ServerListener {
        var settings = ServerSettings()
        settings.bodyBytes = 65_536
        return ServerListener(
            endpointID: "admin", vpcID: nil, settings: settings,
            budgets: [ConnectionBudget(most: 64)], observer: nil, trusts: { _ in false },
            nextConnectionID: { 0 },
            makeReceiver: { [eventLoop] in
                AdminRequest(service: service, stream: $0, eventLoop: eventLoop, mayChange: mayChange)
            })
    }
}
