import Glibc
import NIOCore

/// What comes before the first byte of a connection on a Unix socket: who is at its other end.
extension ServerConnection {
    /// Asks the kernel now, and the user database and `/proc` on threads of their own; nothing is read until they answer.
    func readUnixPeer(_ context: ChannelHandlerContext) {
        guard let reader = server.peers, let socket = context.channel as? any SocketOptionProvider,
            let raw = try? Self.option(CInt(SO_PEERCRED), of: socket, as: PeerCredentials.Raw.self).get(),
            let credentials = PeerCredentials(raw)
        else { return refuseUnixPeer(.noCredentials) }
        connection.unix = UnixPeer(credentials: credentials)
        let process: PeerProcess?
        do throws(UnixPeerRefusal) {
            process = try PeerProcess.open(credentials, try Self.handle(of: socket))
        } catch {
            return refuseUnixPeer(error)
        }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        reader.read(credentials, process, on: context.eventLoop) { bound.value.unixPeerRead($0) }
    }

    private func unixPeerRead(_ answer: UnixPeerReader.Answer) {
        guard case .unixPeer(let requiresProxyHeader) = inboundState, context != nil else { return }
        switch answer {
        case .success(let peer):
            connection.unix = peer
            inboundState = requiresProxyHeader ? .proxyHeader : .head
            awaitRequest(within: listener.settings.timeouts.requestHead)
            processHeld()
        case .failure(let refusal):
            refuseUnixPeer(refusal)
        }
    }

    func refuseUnixPeer(_ refusal: UnixPeerRefusal) {
        listener.unixPeerRefused(refusal, connection.unix?.credentials)
        inboundState = .closed
        context?.close(promise: nil)
    }

    /// `SO_PEERPIDFD`, in no header of the C library yet.
    private static let peerProcessDescriptor: CInt = 77

    private static func handle(of socket: any SocketOptionProvider) throws(UnixPeerRefusal) -> PeerProcess.Handle {
        switch option(peerProcessDescriptor, of: socket, as: CInt.self) {
        case .success(let raw): return .process(Descriptor(owning: raw))
        case .failure(let error):
            switch (error as? IOError)?.errnoCode {
            case ENOPROTOOPT: return .unknown
            case EMFILE, ENFILE, ENOMEM: throw .processUnreadable
            default: return .ended
            }
        }
    }

    private static func option<Value: Sendable>(
        _ name: CInt, of socket: any SocketOptionProvider, as type: Value.Type
    ) -> Result<Value, any Error> {
        var result: Result<Value, any Error>?
        let future: EventLoopFuture<Value> = socket.unsafeGetSocketOption(level: .socket, name: .init(rawValue: name))
        // On the channel's own loop the answer is there at once.
        future.assumeIsolated().whenComplete { result = $0 }
        return result ?? .failure(ChannelError.operationUnsupported)
    }
}
