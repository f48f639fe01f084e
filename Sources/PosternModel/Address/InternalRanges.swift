package import PosternPolicy

/// The addresses that count as internal: a listener may bind to these and to nothing else.
package struct InternalRanges: Sendable {
    /// What is internal unless the configuration says otherwise.
    package static let defaultNetworks = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  // private (RFC 1918)
        "127.0.0.0/8", "::1/128",  // loopback (RFC 1122, RFC 4291)
        "169.254.0.0/16", "fe80::/10",  // link-local (RFC 3927, RFC 4291)
        "100.64.0.0/10",  // shared (RFC 6598)
        "fc00::/7",  // unique local (RFC 4193)
    ]

    package static let standard = InternalRanges(
        defaultNetworks.map { network in
            guard let cidr = try? CIDR(network) else { preconditionFailure("\(network) is not a network") }
            return cidr
        })

    /// In the order they were given.
    package let networks: [CIDR]
    private let set: CIDRSet

    package init(_ networks: [CIDR]) {
        self.networks = networks
        set = CIDRSet(networks)
    }

    /// Whether a listener may bind to the address. The wildcards `0.0.0.0` and `::` never are, whatever the networks
    /// say: they stand for every address of the machine.
    package func contains(_ address: IPAddress) -> Bool {
        !InternalRanges.isWildcard(address) && set.contains(address)
    }

    /// fe80::/10, addresses that every link has its own of (RFC 4291, section 2.5.6).
    package static func isLinkLocal(_ address: IPAddress) -> Bool { !address.isV4 && address.v6.high >> 54 == 0x3FA }

    package static func isWildcard(_ address: IPAddress) -> Bool {
        address == IPAddress(v4: 0) || address == IPAddress(v6: (high: 0, low: 0))
    }
}

extension InternalRanges: Equatable {
    package static func == (left: InternalRanges, right: InternalRanges) -> Bool { left.networks == right.networks }
}
