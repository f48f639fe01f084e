package import PosternHTTP

/// What a peer of the admin socket may do. Who may write may read.
package enum AdminRole: String, Sendable, Comparable {
    /// Ask questions.
    case read
    /// Give orders: reload, upgrade.
    case write

    package static func < (left: AdminRole, right: AdminRole) -> Bool { left == .read && right == .write }
}

/// Users and groups of the system, by number.
package struct AccountSet: Sendable, Hashable {
    package var users: Set<UInt32>
    package var groups: Set<UInt32>

    package init(users: Set<UInt32> = [], groups: Set<UInt32> = []) {
        self.users = users
        self.groups = groups
    }

    /// By user, primary group or a supplementary one.
    func holds(_ peer: UnixPeer) -> Bool {
        users.contains(peer.credentials.userID) || groups.contains(peer.credentials.groupID)
            || peer.supplementaryGroups.contains(where: groups.contains)
    }
}

/// Who may do what on the admin socket, whoever its file's mode lets connect.
package struct AdminAccess: Sendable, Hashable {
    /// Beside root and the user that the gateway runs as, who could do worse than give an order.
    package var writers: AccountSet
    package var readers: AccountSet
    private let ownUser: UInt32

    /// - Parameter ownUser: whom the gateway runs as, by number.
    package init(writers: AccountSet, readers: AccountSet, ownUser: UInt32) {
        self.writers = writers
        self.readers = readers
        self.ownUser = ownUser
    }

    /// - Returns: nil for a stranger.
    package func role(of peer: UnixPeer) -> AdminRole? {
        let user = peer.credentials.userID
        if user == 0 || user == ownUser || writers.holds(peer) { return .write }
        return readers.holds(peer) ? .read : nil
    }

    /// Why a peer may not do what takes `needed`: whom it was taken for, and which key would admit it.
    func refusal(of peer: UnixPeer, needed: AdminRole) -> String {
        let held = role(of: peer) == nil ? "no role here" : "the role `read` only"
        let key = needed == .write ? "admin.writers" : "admin.readers"
        let credentials = peer.credentials
        var groups = "gid \(credentials.groupID)"
        if !peer.supplementaryGroups.isEmpty {
            let shown = peer.supplementaryGroups.prefix(16).map(String.init).joined(separator: ", ")
            groups += ", groups \(shown)\(peer.supplementaryGroups.count > 16 ? ", …" : "")"
        }
        return "uid \(credentials.userID), \(groups), has \(held); "
            + "list the user or one of its groups under `\(key)` in postern.yaml"
    }
}
