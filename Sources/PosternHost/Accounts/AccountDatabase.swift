package import Glibc

/// Names of users and groups, looked up in the system's database (getpwnam_r(3)). May ask the network: never on an
/// event loop.
package enum AccountDatabase {
    /// Room for one entry of the database; a group of many thousand members is beyond it and counts as unknown.
    private static let bufferSize = 1 << 18

    /// - Parameter name: or a number, which is taken as it is.
    /// - Returns: nil for an unknown name, and for the all-ones number, which stands for no user.
    package static func user(_ name: String) -> uid_t? {
        if let number = UInt32(name) { return number == .max ? nil : number }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: bufferSize) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let result = getpwnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found)
            return result == 0 && found != nil ? entry.pw_uid : nil
        }
    }

    /// As ``user(_:)``.
    package static func group(_ name: String) -> gid_t? {
        if let number = UInt32(name) { return number == .max ? nil : number }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: bufferSize) { buffer in
            var entry = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            let result = getgrnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found)
            return result == 0 && found != nil ? entry.gr_gid : nil
        }
    }

    /// A user's entry: the name and the main group; nil where the database has none.
    static func entry(of user: uid_t) -> (name: String, group: gid_t)? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: bufferSize) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let result = getpwuid_r(user, &entry, buffer.baseAddress!, buffer.count, &found)
            guard result == 0, found != nil, let name = entry.pw_name else { return nil }
            return (String(cString: name), entry.pw_gid)
        }
    }
}
