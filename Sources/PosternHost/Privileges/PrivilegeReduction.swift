import CLibcap
import Glibc

/// Gives up every privilege that is not needed, for good, and looks whether it is so.
///
/// Run it before any other thread exists: the kernel keeps these things for each thread, and threads that start later
/// have them from the one that started them.
package struct PrivilegeReduction: Sendable {
    /// Whom to become; nil: the user stays.
    package var account: Account?
    /// What to keep, in all five sets: permitted, effective, inheritable, bounding and ambient. The last three are kept
    /// for `postern upgrade`, which executes our own binary and nothing else, and whose successor needs what we need.
    package var keeping: Set<Capability>

    package init(account: Account?, keeping: Set<Capability>) {
        self.account = account
        self.keeping = keeping
    }

    private var kept: Set<Int32> { Set(keeping.map(\.rawValue)) }

    /// Only with it can the bounding set and the secure bits change.
    private static let administration = CAP_SETPCAP

    /// - Returns: what could not be given up and does no harm, to be logged: empty as a rule.
    package func apply() throws(PrivilegeError) -> [String] {
        let threads = try ThreadStatus.ofThreads().count
        guard threads == 1 else { throw .severalThreads(threads) }
        try switchUser()
        let canAdminister = try CapabilityState().has(Self.administration, in: CAP_PERMITTED)
        let during = canAdminister ? kept.union([Self.administration]) : kept
        try set(during)
        if canAdminister { try limit() }
        try raiseAmbient()
        if canAdminister { try lock(Self.allLocked) }
        try set(kept)
        // No file's capabilities or set-user-ID bit count any more, which also makes the bounding set idle.
        try Self.control("PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS, 1)
        try verify(isLimited: canAdminister)
        return try notes(isLimited: canAdminister)
    }

    // MARK: User

    private func switchUser() throws(PrivilegeError) {
        guard let account else { return }
        let state = try CapabilityState()
        guard state.has(CAP_SETUID, in: CAP_PERMITTED), state.has(CAP_SETGID, in: CAP_PERMITTED) else {
            throw .cannotSwitch(user: account.user, group: account.group, from: geteuid())
        }
        guard cap_setgroups(account.group, account.supplementaryGroups.count, account.supplementaryGroups) == 0 else {
            throw .system("cap_setgroups", code: errno)
        }
        // Keeps the permitted set, which the kernel would clear with the change from root (PR_SET_KEEPCAPS).
        guard cap_setuid(account.user) == 0 else { throw .system("cap_setuid", code: errno) }
        // The kernel hides a process that changed its user from that very user: from its own /proc entries, and from a
        // watchdog's core dump. A service manager that sets the user before it executes us leaves it visible, and so it
        // is here. What others may do is not more: they would have to be this user, which is ours alone.
        try Self.control("PR_SET_DUMPABLE", PR_SET_DUMPABLE, 1)
    }

    // MARK: Sets

    private func set(_ numbers: Set<Int32>) throws(PrivilegeError) {
        let state = try CapabilityState()
        // Not asked for in vain: a service manager that granted what is needed and no more may forbid the call.
        if state.hasAll(numbers) { return }
        try state.setAll(to: numbers)
        try state.apply()
    }

    /// The bounding set, and root's special treatment, which nothing shall bring back.
    private func limit() throws(PrivilegeError) {
        for number in 0..<cap_max_bits() where !kept.contains(number) && cap_get_bound(number) == 1 {
            guard cap_drop_bound(number) == 0 else { throw .system("cap_drop_bound", code: errno) }
        }
        try lock(Self.rootLocked)
    }

    private func raiseAmbient() throws(PrivilegeError) {
        for number in 0..<cap_max_bits() {
            let isRaised = cap_get_ambient(number) == 1
            let isKept = kept.contains(number)
            guard isRaised != isKept else { continue }
            guard cap_set_ambient(number, isKept ? CAP_SET : CAP_CLEAR) == 0 else {
                throw .system("cap_set_ambient", code: errno)
            }
        }
    }

    // MARK: Secure bits

    /// By bit (linux/securebits.h): root has no capabilities for being root, and a change of user changes none.
    private static let rootBits: UInt32 =
        1 << UInt32(SECURE_NOROOT) | 1 << UInt32(SECURE_NOROOT_LOCKED) | 1 << UInt32(SECURE_NO_SETUID_FIXUP)
        | 1 << UInt32(SECURE_NO_SETUID_FIXUP_LOCKED)
    /// And no capability outlives a change of user.
    private static let rootLocked = rootBits | 1 << UInt32(SECURE_KEEP_CAPS_LOCKED)
    /// And the ambient set, once it is as wanted, never grows.
    private static let allLocked =
        rootLocked | 1 << UInt32(SECURE_NO_CAP_AMBIENT_RAISE) | 1 << UInt32(SECURE_NO_CAP_AMBIENT_RAISE_LOCKED)

    private func lock(_ bits: UInt32) throws(PrivilegeError) {
        let now = cap_get_secbits()
        guard now & bits != bits else { return }
        guard cap_set_secbits(now | bits) == 0 else { throw .system("cap_set_secbits", code: errno) }
    }

    private static func control(_ name: String, _ option: Int32, _ value: Int) throws(PrivilegeError) {
        guard cap_prctlw(Int(option), value, 0, 0, 0, 0) == 0 else { throw .system("prctl(\(name))", code: errno) }
    }

    // MARK: Afterwards

    /// Reads the state of every thread back from the kernel.
    private func verify(isLimited: Bool) throws(PrivilegeError) {
        let threads = try ThreadStatus.ofThreads()
        guard threads.count == 1 else { throw .severalThreads(threads.count) }
        for status in threads {
            if let difference = difference(status, isLimited: isLimited) { throw .notGivenUp(difference) }
        }
        let bits = cap_get_secbits()
        guard !isLimited || bits & Self.allLocked == Self.allLocked, bits & 1 << UInt32(SECURE_KEEP_CAPS) == 0 else {
            throw .notGivenUp("the secure bits are 0x\(String(bits, radix: 16))")
        }
    }

    /// What a thread has otherwise than ordered; nil if nothing.
    func difference(_ status: ThreadStatus, isLimited: Bool) -> String? {
        let wanted = CapabilityMask(keeping)
        let sets = [
            ("permitted", status.permitted), ("effective", status.effective), ("inheritable", status.inheritable),
            ("ambient", status.ambient),
        ]
        for (name, mask) in sets + (isLimited ? [("bounding", status.bounding)] : []) where mask != wanted {
            return "the \(name) set is \(mask.names), not \(wanted.names)"
        }
        guard status.noNewPrivileges else { return "programs that are executed may gain privileges" }
        let (user, group) = (account?.user ?? status.users[1], account?.group ?? status.groups[1])
        guard status.users.allSatisfy({ $0 == user }) else { return "the users are \(status.users), not \(user)" }
        guard status.groups.allSatisfy({ $0 == group }) else { return "the groups are \(status.groups), not \(group)" }
        if let account, Set(status.supplementaryGroups) != Set(account.supplementaryGroups) {
            return "the further groups are \(status.supplementaryGroups), not \(account.supplementaryGroups)"
        }
        return nil
    }

    /// Without CAP_SETPCAP somebody else has to do it; with no capability at all it makes no difference.
    private func notes(isLimited: Bool) throws(PrivilegeError) -> [String] {
        guard !isLimited, !keeping.isEmpty else { return [] }
        var notes: [String] = []
        if try ThreadStatus.read("/proc/self").bounding != CapabilityMask(keeping) {
            notes.append(
                "the bounding set holds more than is needed and cannot be changed without CAP_SETPCAP; "
                    + "`CapabilityBoundingSet=` in the unit sets it")
        }
        if cap_get_secbits() & Self.rootBits != Self.rootBits {
            notes.append(
                "the secure bits cannot be locked without CAP_SETPCAP; the unit does it with "
                    + "`SecureBits=noroot noroot-locked no-setuid-fixup no-setuid-fixup-locked`")
        }
        return notes
    }
}
