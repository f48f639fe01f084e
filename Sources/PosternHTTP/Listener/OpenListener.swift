import Glibc
package import NIOCore
import Synchronization

/// One address on which we listen: a socket for each event loop, bound, listening, non-blocking.
///
/// Owns its descriptors until ``takeDescriptors()`` hands them to channels, and a Unix socket's file until ``close()``.
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
    private let descriptors: Mutex<[CInt]>

    init(
        spec: ListenerSpecification, address: SocketAddress, descriptors: [CInt], localInterface: String?,
        file: SocketFile? = nil, notes: [String] = []
    ) {
        self.spec = spec
        self.address = address
        self.notes = notes
        self.localInterface = localInterface
        self.file = file
        self.descriptors = Mutex(descriptors)
    }

    deinit { close() }

    /// The descriptors, one for each event loop; the caller closes them from now on. Empty the second time.
    ///
    /// Sockets of an IP address are separate sockets in one `SO_REUSEPORT` group: the kernel spreads connections over
    /// them, and closing one drops what waits in its own queue only. Those of a Unix or an inherited socket are
    /// duplicates of one: every loop is woken and the first to accept wins.
    package func takeDescriptors() -> [CInt] {
        descriptors.withLock { list in
            defer { list = [] }
            return list
        }
    }

    /// How many descriptors have not been taken.
    package var descriptorCount: Int { descriptors.withLock { $0.count } }

    /// Removes the socket's file if it is still the one we made, so that new clients see at once that nobody serves it.
    /// Call it when the listener begins to stop; does nothing the second time, nor for any other kind of listener.
    package func removeSocketFile() { file?.removeIfOurs() }

    /// Removes the socket's file and closes what ``takeDescriptors()`` has not given away.
    package func close() {
        removeSocketFile()
        for descriptor in takeDescriptors() { _ = Glibc.close(descriptor) }
    }

    /// Whether this listener holds a socket file, and which.
    func owns(path: String, _ identity: FileIdentity) -> Bool {
        guard let file else { return false }
        return file.path == path && file.identity == identity
    }
}

/// Which file a path led to, so that another one of the same name is not mistaken for it.
struct FileIdentity: Sendable, Hashable {
    var device: UInt64
    var inode: UInt64

    /// The file itself, not what a symbolic link points to; nil when there is none.
    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// The socket file that we made.
struct SocketFile: Sendable {
    var path: String
    var identity: FileIdentity

    func removeIfOurs() {
        if FileIdentity(path: path) == identity { unlink(path) }
    }
}
