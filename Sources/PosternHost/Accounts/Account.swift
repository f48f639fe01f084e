package import Glibc

/// A user with the groups that it is in: whom a process runs as.
package struct Account: Sendable, Equatable {
    package var user: uid_t
    package var group: gid_t
    /// Further groups, in order of number; may hold `group` again.
    package var supplementaryGroups: [gid_t]

    package init(user: uid_t, group: gid_t, supplementaryGroups: [gid_t] = []) {
        self.user = user
        self.group = group
        self.supplementaryGroups = supplementaryGroups.sorted()
    }

    /// A user of the database, with the groups that it gives the user (initgroups(3)).
    ///
    /// - Parameter group: instead of the user's main group. A user that is only a number needs one.
    /// - Returns: nil for a number without an entry and without a group.
    package static func ofUser(_ user: uid_t, group: gid_t?) -> Account? {
        guard let entry = AccountDatabase.entry(of: user) else {
            return group.map { Account(user: user, group: $0, supplementaryGroups: [$0]) }
        }
        let main = group ?? entry.group
        return Account(user: user, group: main, supplementaryGroups: groups(of: entry.name, with: main))
    }

    /// Whom this process runs as now.
    package static func ofProcess() -> Account {
        var groups = [gid_t](repeating: 0, count: 65_536)
        let count = getgroups(Int32(groups.count), &groups)
        return Account(user: geteuid(), group: getegid(), supplementaryGroups: Array(groups.prefix(Int(max(0, count)))))
    }

    /// Whom another process runs as, by its number here.
    /// - Returns: nil where there is none, or the kernel does not tell.
    package static func of(process: Int32) -> Account? {
        guard let status = try? ThreadStatus.read("/proc/\(process)") else { return nil }
        return Account(
            user: status.users[1], group: status.groups[1], supplementaryGroups: status.supplementaryGroups)
    }

    package func isMember(of group: gid_t) -> Bool { self.group == group || supplementaryGroups.contains(group) }

    private static func groups(of name: String, with main: gid_t) -> [gid_t] {
        // NGROUPS_MAX: no process can be in more.
        var count: Int32 = 65_536
        var groups = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(name, main, &groups, &count) >= 0 else { return [main] }
        return Array(groups.prefix(Int(count)))
    }
}
