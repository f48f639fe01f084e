import CLibcap
import Glibc

/// What this machine's kernel asks a capability for.
package struct KernelRules: Sendable, Equatable {
    /// Ports below need CAP_NET_BIND_SERVICE (ip(7), ip_unprivileged_port_start); 1024 where it is not told.
    package var firstUnprivilegedPort: Int
    /// Whether SO_BINDTODEVICE needs CAP_NET_RAW; since Linux 5.7 it does not.
    package var confiningToInterfaceNeedsCapability: Bool

    package init(firstUnprivilegedPort: Int, confiningToInterfaceNeedsCapability: Bool) {
        self.firstUnprivilegedPort = firstUnprivilegedPort
        self.confiningToInterfaceNeedsCapability = confiningToInterfaceNeedsCapability
    }

    /// As they are in this network namespace.
    package static func ofMachine() throws(PrivilegeError) -> KernelRules {
        KernelRules(
            firstUnprivilegedPort: ProcessFile.contents(of: "/proc/sys/net/ipv4/ip_unprivileged_port_start").flatMap {
                $0.split(separator: "\n").first.flatMap { Int($0) }
            } ?? 1024,
            confiningToInterfaceNeedsCapability: try asksForRaw())
    }

    /// Tries it on a new socket while the thread does without the capability.
    private static func asksForRaw() throws(PrivilegeError) -> Bool {
        let state = try CapabilityState()
        let had = state.has(CAP_NET_RAW, in: CAP_EFFECTIVE)
        if had {
            try state.change(CAP_NET_RAW, in: CAP_EFFECTIVE, to: CAP_CLEAR)
            try state.apply()
        }
        let isAsked = isRefused()
        if had {
            try state.change(CAP_NET_RAW, in: CAP_EFFECTIVE, to: CAP_SET)
            try state.apply()
        }
        return isAsked
    }

    private static func isRefused() -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        return setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) != 0 && errno == EPERM
    }
}
