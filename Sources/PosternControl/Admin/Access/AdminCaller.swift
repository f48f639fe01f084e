package import PosternHTTP
import PosternHost

/// Who gave an order on the admin socket, for the log.
package struct AdminCaller: Sendable, Equatable {
    package var userID: UInt32
    package var groupID: UInt32
    /// 0 for a process of a namespace that we cannot see; it may be gone, and its number another's.
    package var processID: Int32

    package init(_ peer: UnixPeer) {
        userID = peer.credentials.userID
        groupID = peer.credentials.groupID
        processID = peer.credentials.processID
    }

    /// Asks the user database, which may take a while.
    package var userName: String? { AccountDatabase.userName(userID) }
}
