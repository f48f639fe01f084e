import Glibc

/// Why the process's privileges could not be read or were not given up. Nothing may be served then.
package enum PrivilegeError: Error, Equatable, CustomStringConvertible {
    /// A file of `/proc`; `errno`, or EBADMSG where it does not say what proc_pid_status(5) promises.
    case unreadable(String, code: Int32)
    /// A call of the system failed.
    case system(String, code: Int32)
    /// Privileges belong to threads: with several, some would keep theirs.
    case severalThreads(Int)
    /// Only root, or a process with CAP_SETUID and CAP_SETGID, becomes another user.
    case cannotSwitch(user: UInt32, group: UInt32, from: UInt32)
    /// Every call succeeded, and yet this is not as it was ordered.
    case notGivenUp(String)

    package var description: String {
        switch self {
        case .unreadable(let path, let code):
            "cannot read the privileges of this process from `\(path)`: \(Self.text(code))"
        case .system(let call, let code):
            "\(call) failed while privileges were given up: \(Self.text(code))"
        case .severalThreads(let count):
            "privileges cannot be given up with \(count) threads running; this is a fault of the program"
        case .cannotSwitch(let user, let group, let current):
            "cannot become user \(user) with group \(group): started as user \(current) without CAP_SETUID and CAP_SETGID; start as root, or "
                + "let the service manager set the user"
        case .notGivenUp(let what):
            "privileges were not given up as ordered: \(what)"
        }
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
