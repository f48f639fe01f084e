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
        let confiningIsRefused = try isRefused(without: CAP_NET_RAW) {
            setsockopt($0, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) != 0 && errno == EPERM
        }
        guard let port = writtenPort() else {
            return KernelRules(
                firstUnprivilegedPort: try triedPort(), confiningToInterfaceNeedsCapability: confiningIsRefused)
        }
        return KernelRules(firstUnprivilegedPort: port, confiningToInterfaceNeedsCapability: confiningIsRefused)
    }

    /// nil where a sandbox hides it (`ProcSubset=pid`).
    static func writtenPort() -> Int? {
        let text = ProcessFile.contents(of: "/proc/sys/net/ipv4/ip_unprivileged_port_start")
        return text?.split(separator: "\n").first.flatMap { Int($0) }
    }

    /// Where it is not written: whether the lowest port is everyone's, or low ports are guarded as usual.
    static func triedPort() throws(PrivilegeError) -> Int {
        let isGuarded = try isRefused(without: CAP_NET_BIND_SERVICE) { descriptor in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(1).bigEndian
            address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
            // One in use is found to be so only after the right to it.
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            return result != 0 && errno == EACCES
        }
        return isGuarded ? 1024 : 0
    }

    /// Tries something on a new socket while the thread does without the capability.
    private static func isRefused(
        without capability: Int32, _ attempt: (CInt) -> Bool
    ) throws(PrivilegeError) -> Bool {
        let state = try CapabilityState()
        let had = state.has(capability, in: CAP_EFFECTIVE)
        if had {
            try state.change(capability, in: CAP_EFFECTIVE, to: CAP_CLEAR)
            try state.apply()
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // Without a socket to try it on, the capability counts as needed.
        let isRefused = descriptor < 0 || attempt(descriptor)
        if descriptor >= 0 { close(descriptor) }
        if had {
            try state.change(capability, in: CAP_EFFECTIVE, to: CAP_SET)
            try state.apply()
        }
        return isRefused
    }
}
