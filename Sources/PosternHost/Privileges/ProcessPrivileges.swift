import CLibcap

/// What the kernel lets this process do beyond what its user may (capabilities(7)), as it says itself.
package struct ProcessPrivileges: Codable, Sendable, Equatable {
    /// The effective ones.
    package var userID: UInt32
    package var groupID: UInt32
    /// The five sets: names such as `cap_net_bind_service`, by the capability's number.
    package var permitted: [String]
    package var effective: [String]
    package var inheritable: [String]
    package var bounding: [String]
    package var ambient: [String]
    /// No program that it executes gains privileges (PR_SET_NO_NEW_PRIVS).
    package var noNewPrivileges: Bool
    /// Names such as `noroot` and `noroot_locked`, by bit.
    package var secureBits: [String]
    /// `off`, `strict` or `filter`.
    package var seccomp: String

    /// Those of the main thread.
    package static func ofProcess() throws(PrivilegeError) -> ProcessPrivileges {
        ProcessPrivileges(try ThreadStatus.read("/proc/self"), secureBits: cap_get_secbits())
    }

    /// Those of every thread, by its number. The kernel shows a thread's secure bits to that thread alone; the caller's
    /// stand for all, which have them from the thread that started them.
    package static func ofThreads() throws(PrivilegeError) -> [ProcessPrivileges] {
        let secureBits = cap_get_secbits()
        return try ThreadStatus.ofThreads().map { ProcessPrivileges($0, secureBits: secureBits) }
    }
}

extension ProcessPrivileges {
    init(_ status: ThreadStatus, secureBits: UInt32) {
        (userID, groupID) = (status.users[1], status.groups[1])
        permitted = status.permitted.names
        effective = status.effective.names
        inheritable = status.inheritable.names
        bounding = status.bounding.names
        ambient = status.ambient.names
        noNewPrivileges = status.noNewPrivileges
        self.secureBits = Self.secureBitNames.indices.filter { secureBits & 1 << UInt32($0) != 0 }
            .map { Self.secureBitNames[$0] }
        seccomp =
            switch status.seccomp {
            case 0: "off"
            case 1: "strict"
            default: "filter"
            }
    }

    /// By bit (linux/securebits.h).
    private static let secureBitNames = [
        "noroot", "noroot_locked", "no_setuid_fixup", "no_setuid_fixup_locked", "keep_caps", "keep_caps_locked",
        "no_cap_ambient_raise", "no_cap_ambient_raise_locked",
    ]
}
