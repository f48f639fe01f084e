import Glibc

/// Why the process's privileges could not be read or were not given up.
package enum PrivilegeError: Error, Equatable, CustomStringConvertible {
    /// A file of `/proc`; `errno`, or EBADMSG where it does not say what proc_pid_status(5) promises.
    case unreadable(String, code: Int32)

    package var description: String {
        switch self {
        case .unreadable(let path, let code):
            "cannot read the privileges of this process from `\(path)`: \(String(cString: strerror(code)))"
        }
    }
}
