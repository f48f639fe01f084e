import Glibc
import PosternHost

/// The user and group that a socket file shall belong to, as numbers; the all-ones number means "leave it" (chown(2)).
struct FileOwnership {
    var user: uid_t = .max
    var group: gid_t = .max

    /// True where nothing has to be changed.
    var isOwn: Bool { user == .max && group == .max }

    /// Looks names up in the user database; a number is taken as it is.
    init(owner: String?, group groupName: String?, for spec: ListenerSpecification) throws(ListenerError) {
        if let owner {
            guard let user = AccountDatabase.user(owner) else {
                throw ListenerError(endpointID: spec.endpointID, .unknownUser(owner))
            }
            self.user = user
        }
        if let groupName {
            guard let group = AccountDatabase.group(groupName) else {
                throw ListenerError(endpointID: spec.endpointID, .unknownGroup(groupName))
            }
            self.group = group
        }
    }
}
