import Glibc
package import NIOCore
import Synchronization

/// One address on which we listen: a socket for each event loop, bound, listening, non-blocking.
///
/// Owns its descriptors until ``takeDescriptors()`` hands them to channels, and a Unix socket's file until ``close()``. It keeps
/// one descriptor of each socket to itself, to be passed to the process that takes this one's place: the sockets go only
/// when both the channels and this are closed.
package final class OpenListener: Sendable {
    package let spec: ListenerSpecification
    /// The address with its final port. A Unix socket has the path it is reached by.
    package let address: SocketAddress
    /// What an administrator should know about this listener although it works; the program logs them once.
    package let notes: [String]
    /// The network interface that held the address when the listener was opened; nil for Unix sockets and where no interface,
    /// or more than one, held it.
    package let localInterface: String?
    private let file: SocketFile?
    private let state: Mutex<State>

    private struct State {
        var descriptors: [CInt]
        var kept: [CInt]
        /// Whether the socket's file goes with this listener.
        var ownsFile: Bool
    }

    /// - Parameters:
    ///   - descriptors: for the event loops.
    ///   - kept: one of each socket.
    ///   - ownsFile: false for a file that another process serves until ``claimFile()``.
    init(
        spec: ListenerSpecification, address: SocketAddress, descriptors: [CInt], kept: [CInt] = [],
        localInterface: String?, file: SocketFile? = nil, ownsFile: Bool = true, notes: [String] = []
    ) {
        self.spec = spec
        self.address = address
        self.notes = notes
        self.localInterface = localInterface
        self.file = file
        state = Mutex(State(descriptors: descriptors, kept: kept, ownsFile: ownsFile))
    }

    deinit { close() }

    /// The descriptors, one for each event loop; the caller closes them from now on. Empty the second time.
    ///
    /// Sockets of an IP address are separate sockets in one `SO_REUSEPORT` group: the kernel spreads connections over
    /// them, and closing one drops what waits in its own queue only. Those of a Unix or an inherited socket are
    /// duplicates of one: every loop is woken and the first to accept wins.
    package func takeDescriptors() -> [CInt] {
        state.withLock { state in
            defer { state.descriptors = [] }
            return state.descriptors
        }
    }

    /// How many descriptors have not been taken.
    package var descriptorCount: Int { state.withLock { $0.descriptors.count } }

    /// The sockets with the place that each is held at; they stay this listener's. Empty once it is closed, and for
    /// inherited sockets.
    package var held: [HeldSockets.Socket] {
        if case .inherited = spec.bind { return [] }
        return state.withLock(\.kept).map { descriptor in
            let place: HeldPlace =
                if let file {
                    .file(path: file.path, file.identity)
                } else if case .unixDomainSocket = address {
                    .abstract(String(address.hostText.dropFirst()))
                } else {
                    .ip(address: address.listenerText, device: Descriptor.device(of: descriptor))
                }
            return HeldSockets.Socket(place: place, descriptor: descriptor)
        }
    }

    /// Descriptors of the sockets once more, as many as asked for: the first of the first socket, the second of the second, and
    /// so on around. Empty once it is closed.
    package func moreDescriptors(_ count: Int) throws(ListenerError) -> [CInt] {
        try ListenerSocket.duplicates(of: state.withLock(\.kept), count: count, for: spec)
    }

    /// The process that served a file's socket before has gone: the file goes with this listener from now on.
    package func claimFile() { state.withLock { $0.ownsFile = true } }

    /// Closes what ``takeDescriptors()`` has not given away, and removes the socket's file if it is still the one we made or
    /// claimed, so that new clients see at once that nobody serves it. Does nothing the second time.
    ///
    /// - Parameter keepingFile: the socket is served on, by another process or by the next one.
    package func close(keepingFile: Bool = false) {
        let (descriptors, removesFile) = state.withLock { state in
            defer { state = State(descriptors: [], kept: [], ownsFile: false) }
            return (state.descriptors + state.kept, state.ownsFile && !keepingFile)
        }
        if removesFile { file?.removeIfOurs() }
        for descriptor in descriptors { _ = Glibc.close(descriptor) }
    }

    /// Whether this listener holds a socket file, and which.
    func owns(path: String, _ identity: FileIdentity) -> Bool {
        guard let file else { return false }
        return file.path == path && file.identity == identity
    }
}
