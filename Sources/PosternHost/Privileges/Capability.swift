import CLibcap

/// The capabilities that Postern may keep, each with what it is for (capabilities(7)).
package enum Capability: Int32, Sendable, CaseIterable {
    /// To give a socket's file to another owner or to a group that the process is not in.
    case chown = 0
    /// To bind a port below the first unprivileged one.
    case netBindService = 10
    /// To confine a socket to an interface, before Linux 5.7.
    case netRaw = 13

    /// As systemd and capabilities(7) write it: `CAP_NET_BIND_SERVICE`.
    package var name: String { CapabilityMask(bits: 1 << UInt64(rawValue)).names[0].uppercased() }

    /// Those that the calling thread could use: its permitted set.
    package static func held() throws(PrivilegeError) -> Set<Capability> {
        let state = try CapabilityState()
        return Set(allCases.filter { state.has($0.rawValue, in: CAP_PERMITTED) })
    }
}

extension CapabilityMask {
    init(_ capabilities: Set<Capability>) { bits = capabilities.reduce(0) { $0 | 1 << UInt64($1.rawValue) } }
}
