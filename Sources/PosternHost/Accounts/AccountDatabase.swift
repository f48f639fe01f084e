import Glibc

/// The system's database of users and groups: files, LDAP, whatever nsswitch.conf names. Asking it may block for long, so
/// that event loops must not.
package enum AccountDatabase {
    /// The number of a user, given by name or number (getpwnam_r(3)); a number is taken as it is, known or not.
    /// - Returns: nil for a name that is nobody's, and for the all-ones number, which means "none" (chown(2)).
    package static func userID(_ text: String) -> UInt32? {
        (UInt32(text) ?? entry(named: text, passwd(), getpwnam_r)?.pw_uid).flatMap { $0 == .max ? nil : $0 }
    }

    /// The same for a group (getgrnam_r(3)).
    package static func groupID(_ text: String) -> UInt32? {
        (UInt32(text) ?? entry(named: text, group(), getgrnam_r)?.gr_gid).flatMap { $0 == .max ? nil : $0 }
    }

    package static func userName(_ number: UInt32) -> String? {
        withEntry(passwd(), { getpwuid_r(number, $0, $1, $2, $3) }) { String(cString: $0.pw_name) }
    }

    package static func groupName(_ number: UInt32) -> String? {
        withEntry(group(), { getgrgid_r(number, $0, $1, $2, $3) }) { String(cString: $0.gr_name) }
    }

    /// The user's primary group and every group that lists it (getgrouplist(3)); empty for a number that nobody has.
    package static func groupIDs(ofUser number: UInt32) -> [UInt32] {
        withEntry(passwd(), { getpwuid_r(number, $0, $1, $2, $3) }) { entry in
            var count = Int32(NGROUPS_MAX)
            var groups = [gid_t](repeating: 0, count: Int(count))
            guard getgrouplist(entry.pw_name, entry.pw_gid, &groups, &count) >= 0 else { return [entry.pw_gid] }
            return Array(groups.prefix(Int(count)))
        } ?? []
    }

    // MARK: Entries

    private typealias Search<Entry, Key> = (
        Key, UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    ) -> CInt

    private static func entry<Entry>(
        named name: String, _ empty: Entry, _ search: Search<Entry, UnsafePointer<CChar>>
    ) -> Entry? {
        name.withCString { name in
            withEntry(empty, { search(name, $0, $1, $2, $3) }) { $0 }
        }
    }

    /// Room for one entry: a group of many thousand members is beyond the largest and counts as unknown.
    private static let bufferSizes = [1 << 14, 1 << 18, 1 << 23]

    /// - Parameter body: may read the entry's texts, which end with it.
    private static func withEntry<Entry, Result>(
        _ empty: Entry,
        _ search: (
            UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
        ) -> CInt,
        _ body: (Entry) -> Result
    ) -> Result? {
        for size in bufferSizes {
            let (result, code): (Result?, CInt) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) {
                var (entry, found) = (empty, UnsafeMutablePointer<Entry>?.none)
                var code: CInt
                repeat { code = search(&entry, $0.baseAddress!, $0.count, &found) } while code == EINTR
                return (code == 0 && found != nil ? body(entry) : nil, code)
            }
            if code != ERANGE { return result }
        }
        return nil
    }
}
