import Glibc

/// Who is at the other end of a Unix connection, as the kernel noted when it connected (`SO_PEERCRED`, unix(7)).
///
/// The user and group are proof. The process number only helps to read a log: the process may be gone and its number
/// another's by now.
package struct PeerCredentials: Sendable, Hashable {
    package var processID: Int32
    package var userID: UInt32
    package var groupID: UInt32

    package init(processID: Int32, userID: UInt32, groupID: UInt32) {
        self.processID = processID
        self.userID = userID
        self.groupID = groupID
    }

    /// Reads them from a connected Unix socket; nil for any other descriptor.
    package init?(descriptor: CInt) {
        guard Descriptor.option(SOL_SOCKET, SO_DOMAIN, of: descriptor) == AF_UNIX else { return nil }
        // `struct ucred` is hidden behind a feature macro; it is these three numbers in this order.
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, .max, .max)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12,
            credentials.uid != .max
        else { return nil }
        self.init(processID: credentials.pid, userID: credentials.uid, groupID: credentials.gid)
    }
}
