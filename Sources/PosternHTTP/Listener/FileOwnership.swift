import Glibc

/// The user and group that a socket file shall belong to, as numbers; the all-ones number means "leave it" (chown(2)).
struct FileOwnership {
    var user: uid_t = .max
    var group: gid_t = .max

    /// True where nothing has to be changed.
    var isOwn: Bool { user == .max && group == .max }

    /// Looks names up in the user database; a number is taken as it is.
    init(owner: String?, group groupName: String?, for spec: ListenerSpecification) throws(ListenerError) {
        if let owner {
            guard let user = UInt32(owner) ?? Self.user(named: owner), user != .max else {
                throw ListenerError(endpointID: spec.endpointID, .unknownUser(owner))
            }
            self.user = user
        }
        if let groupName {
            guard let group = UInt32(groupName) ?? Self.group(named: groupName), group != .max else {
                throw ListenerError(endpointID: spec.endpointID, .unknownGroup(groupName))
            }
            self.group = group
        }
    }

    /// Room for one entry of the database; a group of many thousand members is beyond it and counts as unknown.
    private static let bufferSize = 1 << 18

    private static func user(named name: String) -> uid_t? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: bufferSize) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let result = getpwnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found)
            return result == 0 && found != nil ? entry.pw_uid : nil
        }
    }

    private static func group(named name: String) -> gid_t? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: bufferSize) { buffer in
            var entry = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            let result = getgrnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found)
            return result == 0 && found != nil ? entry.gr_gid : nil
        }
    }
}
