/// What a server asks about the other end of a Unix connection before it reads its first byte.
package enum PeerInquiry {
    /// Nobody wants to know.
    case none
    /// User, group and supplementary groups, by the kernel's word alone: no name and no process is looked up.
    case groups
    /// User, group and unit, with their names.
    case facts(UnixPeerReader)

    var isAny: Bool { if case .none = self { false } else { true } }
}
