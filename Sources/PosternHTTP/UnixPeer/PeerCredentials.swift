import Glibc

/// Who connected a Unix socket, as the kernel noted at that moment (`SO_PEERCRED`, unix(7)).
///
/// The user and group are proof. The process number only helps to read a log: the process may be gone and its number
/// another's by now.
package struct PeerCredentials: Sendable, Hashable {
    /// 0 for a process of a namespace that we cannot see.
    package var processID: Int32
    package var userID: UInt32
    package var groupID: UInt32

    package init(processID: Int32, userID: UInt32, groupID: UInt32) {
        self.processID = processID
        self.userID = userID
        self.groupID = groupID
    }

    /// `struct ucred`, which the C library hides behind a feature macro: these three numbers in this order.
    typealias Raw = (pid: Int32, uid: UInt32, gid: UInt32)

    /// Nil for a socket without a peer, whose user and group are the all-ones number.
    init?(_ raw: Raw) {
        guard raw.uid != .max, raw.gid != .max else { return nil }
        self.init(processID: raw.pid, userID: raw.uid, groupID: raw.gid)
    }
}
