import Glibc
import NIOCore
import PosternHost
import Synchronization

/// The listening sockets that the process before this one left open: in the service manager's store over a restart, or handed
/// over while it still serves. Clients that connected meanwhile wait in their queues.
///
/// A listener that is opened at the same place takes them over instead of binding; what no listener takes is to be closed.
package final class HeldSockets: Sendable {
    package struct Socket: Sendable {
        package var place: HeldPlace
        package var descriptor: CInt

        package init(place: HeldPlace, descriptor: CInt) {
            self.place = place
            self.descriptor = descriptor
        }
    }

    package static var none: HeldSockets { HeldSockets([]) }

    private let sockets: Mutex<[Socket]>

    /// Owns the descriptors from now on.
    package init(_ sockets: [Socket]) { self.sockets = Mutex(sockets) }

    deinit { _ = closeRest() }

    /// Closes what no listener has taken.
    /// - Returns: the places, each once.
    package func closeRest() -> [HeldPlace] {
        let rest = sockets.withLock { sockets in
            defer { sockets = [] }
            return sockets
        }
        for socket in rest { _ = close(socket.descriptor) }
        return rest.map(\.place).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Of the Unix sockets with a file.
    package var paths: Set<String> {
        sockets.withLock { sockets in
            Set(
                sockets.compactMap { socket in
                    if case .file(let path, _) = socket.place { path } else { nil }
                })
        }
    }

    /// Takes the sockets bound to an address that are confined to the device, or that nobody had the right to confine. The
    /// kernel is asked where each is, not its name.
    func take(at address: SocketAddress, device: String?) -> [CInt] {
        guard address.port != 0 else { return [] }
        return take { socket in
            guard SocketAddress(localOf: socket.descriptor) == address else { return false }
            let confined = Descriptor.device(of: socket.descriptor)
            return confined == device || confined == nil
        }
    }

    /// Whether one that was not taken is bound there.
    func holds(_ address: SocketAddress) -> Bool {
        sockets.withLock { $0.contains { SocketAddress(localOf: $0.descriptor) == address } }
    }

    /// Takes the socket of a file, if that file is still at its path.
    func takeSocket(at path: String, _ identity: FileIdentity) -> CInt? {
        take { $0.place == .file(path: path, identity) && Self.isUnix($0.descriptor) }.first
    }

    func takeAbstract(_ name: String) -> CInt? {
        take { $0.place == .abstract(name) && Self.isUnix($0.descriptor) }.first
    }

    /// A name is not believed here: behind it could be an IP socket, whose address nobody would have looked at.
    private static func isUnix(_ descriptor: CInt) -> Bool {
        Descriptor.option(SOL_SOCKET, SO_DOMAIN, of: descriptor) == AF_UNIX
    }

    /// Whether the file at a path is that of a held socket.
    func owns(path: String, _ identity: FileIdentity) -> Bool {
        sockets.withLock { $0.contains { $0.place == .file(path: path, identity) } }
    }

    /// Takes what is wanted and fit to be served; what is wanted and unfit stays, to be closed.
    private func take(where isWanted: (Socket) -> Bool) -> [CInt] {
        sockets.withLock { sockets in
            let chosen = sockets.filter { isWanted($0) && Self.isServable($0.descriptor) }.map(\.descriptor)
            sockets.removeAll { chosen.contains($0.descriptor) }
            return chosen
        }
    }

    /// A listening stream socket, which does not block from now on nor pass to children.
    private static func isServable(_ descriptor: CInt) -> Bool {
        guard Descriptor.option(SOL_SOCKET, SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue),
            Descriptor.option(SOL_SOCKET, SO_ACCEPTCONN, of: descriptor) == 1
        else { return false }
        let flags = fcntl(descriptor, F_GETFL)
        return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0
            && fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
    }
}
