import Glibc

/// A user or group by its number.
enum Account: Sendable, Hashable {
    case user(UInt32)
    case group(UInt32)

    /// Asks the system (files, LDAP, whatever nsswitch.conf names) for the name, which may block for long.
    ///
    /// - Returns: nil if there is no such account.
    func systemName() throws(UnixPeerRefusal) -> String? {
        // A group's entry holds its members: most fit the first size, thousands of them a later one.
        var size = 1 << 14
        while true {
            let (name, code) = systemName(bufferSize: size)
            switch code {
            case 0: return name
            // Some name services tell so that they know none (getpwnam(3)).
            case ENOENT, ESRCH: return nil
            case EINTR: continue
            case ERANGE where size < 1 << 23: size *= 8
            default: throw .namesUnavailable
            }
        }
    }

    private func systemName(bufferSize: Int) -> (name: String?, code: CInt) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: bufferSize) { buffer in
            switch self {
            case .user(let number):
                var entry = passwd()
                var found: UnsafeMutablePointer<passwd>?
                let code = getpwuid_r(number, &entry, buffer.baseAddress!, buffer.count, &found)
                return (found == nil ? nil : String(cString: entry.pw_name), code)
            case .group(let number):
                var entry = Glibc.group()
                var found: UnsafeMutablePointer<Glibc.group>?
                let code = getgrgid_r(number, &entry, buffer.baseAddress!, buffer.count, &found)
                return (found == nil ? nil : String(cString: entry.gr_name), code)
            }
        }
    }
}
