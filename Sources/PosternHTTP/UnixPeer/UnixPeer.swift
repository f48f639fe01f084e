/// Who is at the other end of a Unix connection, settled before its first byte is read as a request.
///
/// User and group are those with which the process connected (`SO_PEERCRED`, unix(7)): proof for as long as the connection
/// lives, whoever holds its other end by now.
package struct UnixPeer: Sendable, Hashable {
    package var credentials: PeerCredentials
    /// The user's name; nil if the system knows none.
    package var user: String?
    /// The name of the primary group; nil if the system knows none.
    package var group: String?
    /// The systemd unit that the process was in when its connection was accepted, such as `orders.service`; nil for a
    /// process in none, one that had ended by then, and one of a process namespace that we cannot see.
    package var unit: String?
    /// The groups that the process had beside its primary one when it connected (`SO_PEERGROUPS`); empty where only policies
    /// ask, which know the primary group alone.
    package var supplementaryGroups: [UInt32]

    package init(
        credentials: PeerCredentials, user: String? = nil, group: String? = nil, unit: String? = nil,
        supplementaryGroups: [UInt32] = []
    ) {
        self.credentials = credentials
        self.user = user
        self.group = group
        self.unit = unit
        self.supplementaryGroups = supplementaryGroups
    }
}

/// Why a Unix connection's peer could not be told. The connection is closed without an answer: a fact that is missing by
/// mistake would satisfy every negated condition. The raw value labels metrics and log records.
package enum UnixPeerRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// The kernel names no peer.
    case noCredentials = "no_credentials"
    /// The user database could not be asked; that it knows no such user is no failure.
    case namesUnavailable = "names_unavailable"
    /// The process is there, but `/proc` does not show it (`hidepid=`, `ProtectProc=`).
    case processHidden = "process_hidden"
    /// What `/proc` holds of the process could not be read.
    case processUnreadable = "process_unreadable"
    /// Too many connections wait for their facts.
    case tooManyLookups = "too_many_lookups"
    /// The facts did not come within the time of a request's head.
    case lookupTimeout = "lookup_timeout"
}
