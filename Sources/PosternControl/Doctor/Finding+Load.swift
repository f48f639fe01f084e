package import PosternHost

/// Whether the machine gives as much as the configuration promises: descriptors, queues, ports, memory.
extension Finding {
    /// Each connection takes a descriptor downstream and may take one upstream; files, logs and sockets need some more.
    static let descriptorsBesideConnections = 128

    /// - Parameters:
    ///   - allowance: of the running gateway, of its unit, or of this shell.
    ///   - whose: which of these, in words.
    ///   - connections: `limits.connections`; nil: half the descriptors, whatever they are.
    package static func descriptors(_ allowance: DescriptorAllowance, whose: String, connections: Int?) -> Finding {
        let has = "\(allowance.most) descriptors for \(whose)"
        guard let connections else {
            return allowance.most >= 8_192
                ? .ok("descriptors", has)
                : .warning(
                    "descriptors", "\(has), so that there are at most \(allowance.most / 2) connections",
                    "set `LimitNOFILE=131072` in the unit, or `ulimit -Hn`")
        }
        let needed = connections * 2 + descriptorsBesideConnections
        guard allowance.most < needed else { return .ok("descriptors", "\(has), \(needed) needed") }
        let raise =
            if let ceiling = allowance.ceiling, ceiling < needed { "raise `fs.nr_open` to \(needed), then set " } else {
                "set "
            }
        return .failed(
            "descriptors", "\(has), but `limits.connections` of \(connections) needs \(needed)",
            "\(raise)`LimitNOFILE=\(needed)` in the unit, or lower `limits.connections`")
    }

    /// What the kernel does with connections that wait to be accepted; nil where it does not tell.
    package struct Queues: Sendable, Equatable {
        /// `net.core.somaxconn`
        package var mostPerSocket: Int?
        /// `net.ipv4.tcp_max_syn_backlog`
        package var mostHalfOpen: Int?
        package var hasCookies: Bool
        package var abortsOnOverflow: Bool

        package init(mostPerSocket: Int?, mostHalfOpen: Int?, hasCookies: Bool, abortsOnOverflow: Bool) {
            self.mostPerSocket = mostPerSocket
            self.mostHalfOpen = mostHalfOpen
            self.hasCookies = hasCookies
            self.abortsOnOverflow = abortsOnOverflow
        }
    }

    package static func backlog(_ queues: Queues, wanted: Int) -> Finding {
        if queues.abortsOnOverflow {
            return .warning(
                "backlog", "the kernel resets connections when a listener's queue is full",
                "set `net.ipv4.tcp_abort_on_overflow` to 0, so that callers try again")
        }
        if let most = queues.mostPerSocket, most < wanted {
            return .warning(
                "backlog", "\(most) connections may wait to be accepted, where listeners ask for \(wanted)",
                "set `net.core.somaxconn` to \(wanted)")
        }
        if let most = queues.mostHalfOpen, most < 1_024, !queues.hasCookies {
            return .warning(
                "backlog", "\(most) connections may be half open, and there are no SYN cookies",
                "set `net.ipv4.tcp_max_syn_backlog` to \(wanted), or `net.ipv4.tcp_syncookies` to 1")
        }
        return .ok("backlog", "\(queues.mostPerSocket ?? wanted) connections may wait to be accepted")
    }

    /// - Parameters:
    ///   - range: `net.ipv4.ip_local_port_range`.
    ///   - connections: that may be open to one upstream at a time; 0: there is no upstream over TCP.
    package static func ports(_ range: ClosedRange<Int>, connections: Int) -> Finding {
        let found = "\(range.count) ports for connections to one upstream"
        guard range.count < connections else { return .ok("ports", found) }
        return .warning(
            "ports", "\(found), of which there may be \(connections)",
            "widen `net.ipv4.ip_local_port_range`, as to `10240 65535`")
    }

    /// Some 32 KiB each: buffers of both sides, and what is remembered of the request.
    private static let bytesOfConnection = 32_768
    private static let bytesWithoutConnections = 64 << 20

    /// - Parameters:
    ///   - limit: bytes, nil: none.
    ///   - level: what the running gateway sheds for want of memory.
    package static func memory(limit: Int?, whose: String, connections: Int, level: String = "normal") -> Finding {
        guard let limit else { return .ok("memory", "no limit for \(whose)") }
        guard level == "normal" else {
            return .failed(
                "memory", "\(limit >> 20) MiB for \(whose), which is short of it: \(level)",
                "raise `MemoryMax=` of the unit or `overload.memory`, or lower `limits.connections`")
        }
        let needed = bytesWithoutConnections + connections * bytesOfConnection
        let found = "\(limit >> 20) MiB for \(whose)"
        guard limit < needed else { return .ok("memory", found) }
        return .warning(
            "memory", "\(found); \(connections) busy connections may take \(needed >> 20) MiB",
            "raise `MemoryMax=` of the unit, or lower `limits.connections`")
    }
}
