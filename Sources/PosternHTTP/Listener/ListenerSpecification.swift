/// One way in, as the configuration declares it: which source endpoint it is and where it listens.
///
/// Equal specifications mean the same sockets, so a reload keeps an open listener whose specification has not changed.
package struct ListenerSpecification: Sendable, Hashable {
    /// `vpce-…`; connections accepted here carry it as their source endpoint. Names the listener in messages.
    package var endpointID: String
    /// `vpc-…`, if the endpoint belongs to one.
    package var vpcID: String?
    package var bind: Bind
    /// Connections that may wait to be accepted, per socket. The kernel lowers it to `net.core.somaxconn`.
    package var backlog: Int32

    package init(endpointID: String, vpcID: String? = nil, bind: Bind, backlog: Int32 = 4096) {
        self.endpointID = endpointID
        self.vpcID = vpcID
        self.bind = bind
        self.backlog = backlog
    }

    /// Where to listen. There is no way to say "everywhere": a wildcard is refused wherever it appears.
    package enum Bind: Sendable, Hashable {
        /// One IP address, written out; an IPv6 link-local address names its zone (`fe80::1%eth1`). Port 0 takes a
        /// free one.
        case address(String, port: Int)
        /// Every address of a network interface, or the one given beside it.
        case interface(name: String, family: Family = .any, address: String? = nil, port: Int)
        case unix(UnixBinding)
        /// The sockets of this name among those that the service manager passed (`FileDescriptorName=` in systemd).
        case inherited(name: String)
    }

    package enum Family: String, Sendable, Hashable, CaseIterable {
        case ipv4, ipv6, any
    }

    /// A Unix stream socket.
    package struct UnixBinding: Sendable, Hashable {
        /// An absolute path, at most 107 bytes, or `@name` in the abstract namespace.
        package var path: String
        /// Permission bits of the socket file. Abstract sockets have none.
        package var mode: UInt32
        /// A user by name or number; nil leaves the process's own.
        package var owner: String?
        /// A group by name or number; nil leaves the process's own.
        package var group: String?

        package init(path: String, mode: UInt32 = 0o660, owner: String? = nil, group: String? = nil) {
            self.path = path
            self.mode = mode
            self.owner = owner
            self.group = group
        }

        /// Abstract sockets live in no directory: no permissions guard them, only the network namespace.
        package var isAbstract: Bool { path.utf8.first == UInt8(ascii: "@") }
    }
}
