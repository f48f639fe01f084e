package import PosternModel
package import PosternPolicy

/// What `postern.yaml` says about the process, checked and with every default filled in.
package struct ProcessConfiguration: Sendable, Equatable {
    /// Twelve digits, used in ARNs; `000000000000` by default.
    package var account = "000000000000"
    /// Used in ARNs; `local` by default.
    package var region = "local"
    /// Event loops; nil: as many as the machine has processors.
    package var loops: Int?
    /// The addresses that listeners may bind to.
    package var internalRanges = InternalRanges.standard
    package var listeners: [ListenerConfiguration] = []
    package var limits = LimitsConfiguration()
    package var timeouts = TimeoutsConfiguration()
    package var admin = AdminConfiguration()
    package var accessLog = AccessLogConfiguration.standardOutput
    /// How many of its last requests each event loop keeps for `postern explain`; 0: none.
    package var explainedRequests = 4_096

    package init() {}
}

/// One way in: a source endpoint with an id, bound to one place.
package struct ListenerConfiguration: Sendable, Equatable {
    package enum Binding: Sendable, Hashable {
        /// One internal address. Port 0 asks the system for a free one.
        case address(IPAddress, port: Int)
        /// All addresses of the family that the interface has when the listener opens, or only `address`, which must
        /// then be one of them. They are checked against the internal ranges when they are known.
        case interface(name: String, family: AddressFamily, address: IPAddress?, port: Int)
        case unix(UnixSocketConfiguration)
        /// A socket that systemd passes under this name (`LISTEN_FDNAMES`); checked with getsockname when taken.
        case inherited(name: String)
    }

    package enum AddressFamily: String, Sendable, CaseIterable { case ipv4, ipv6, any }

    /// `vpce-…`, unique.
    package var id: String
    /// `vpc-…`, for `aws:SourceVpc`.
    package var vpc: String?
    package var binding: Binding
    /// The API of requests whose Host names none.
    package var defaultAPI: String?
    package var maxConnections = 10_000
    /// 0: no bound.
    package var maxRequestsPerConnection = 0
    /// Whether field names may hold `_`.
    package var underscoreHeaders = false
    /// Set: every connection must begin with a PROXY header.
    package var proxyProtocol: ProxyProtocolConfiguration?
    /// nil: connections are not secured.
    package var tls: ListenerTLSConfiguration?

    package init(id: String, binding: Binding) {
        self.id = id
        self.binding = binding
    }
}

/// Who must begin connections with a PROXY header; anyone else is closed.
package struct ProxyProtocolConfiguration: Sendable, Hashable {
    /// Peers of a TCP listener. Empty for a Unix listener, where every peer that may connect is trusted.
    package var networks: [CIDR]

    package init(networks: [CIDR]) { self.networks = networks }
}

package struct UnixSocketConfiguration: Sendable, Hashable {
    /// An absolute path, or `@name` for the abstract name space, which has no mode, owner or group.
    package var path: String
    /// Permission bits.
    package var mode: UInt32 = 0o660
    /// A name or number; nil: left as created.
    package var owner: String?
    package var group: String?

    package var isAbstract: Bool { path.hasPrefix("@") }

    package init(path: String, mode: UInt32 = 0o660, owner: String? = nil, group: String? = nil) {
        self.path = path
        self.mode = mode
        self.owner = owner
        self.group = group
    }
}

/// Bounds of the process; at each the answer is a refusal, never growth.
package struct LimitsConfiguration: Sendable, Hashable {
    /// Connections of all listeners; nil: the smaller of 50,000 and half the file descriptors.
    package var connections: Int?
    /// Request line and fields together.
    package var requestHeadBytes = 61_440
    package var fields = 100
    package var fieldBytes = 16_384
    package var targetBytes = 8_192
    /// 0: bodies stream without a bound.
    package var bodyBytes = 0

    package init() {}
}

/// All in milliseconds.
package struct TimeoutsConfiguration: Sendable, Hashable {
    /// From the start of a connection, or the end of its PROXY header, to the end of its TLS handshake.
    package var handshake = 10_000
    /// From a request's first byte to the end of its head.
    package var requestHead = 10_000
    /// Between two reads of a body.
    package var bodyGap = 30_000
    /// Idle connection downstream, and upstream.
    package var keepAlive = 180_000
    package var upstreamKeepAlive = 55_000
    /// A response that has begun and moves no byte.
    package var streamIdle = 300_000
    /// From the order to stop until connections are cut; 0: at once.
    package var drain = 30_000
    /// How long a connection may still bring one more request when the gateway stops, from its last answer; 0: not at all.
    package var drainIdle = 2_000
    /// From the start of a successor until it serves.
    package var upgrade = 60_000

    package init() {}
}

package struct AdminConfiguration: Sendable, Hashable {
    package var socket = UnixSocketConfiguration(path: "/run/postern/admin.sock")
    /// On loopback; nil: none. 0 asks the system for a free one.
    package var port: Int?

    package init() {}
}

package enum AccessLogConfiguration: Sendable, Hashable {
    case standardOutput, standardError, off
    /// An absolute path, opened for appending.
    case file(String)
}
