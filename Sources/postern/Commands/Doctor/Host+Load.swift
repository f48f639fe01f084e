import Glibc
import PosternControl
import PosternHTTP
import PosternHost
import PosternModel

/// Descriptors, queues, ports and memory.
extension Examination.Host {
    var load: [Finding] {
        let (allowance, whose) = allowance
        let queues = Finding.Queues(
            mostPerSocket: KernelSetting.number("net.core.somaxconn"),
            mostHalfOpen: KernelSetting.number("net.ipv4.tcp_max_syn_backlog"),
            hasCookies: KernelSetting.number("net.ipv4.tcp_syncookies") != 0,
            abortsOnOverflow: KernelSetting.number("net.ipv4.tcp_abort_on_overflow") == 1)
        let wanted = ListenerSpecification(endpointID: "", bind: .inherited(name: "")).backlog
        return [
            .descriptors(allowance, whose: whose, connections: process.limits.connections),
            .backlog(queues, wanted: Int(wanted)), ports, memory,
        ]
    }

    /// Connections that there may be, by configuration or by the default.
    private var connections: Int { process.limits.connections ?? min(allowance.allowance.most / 2, 50_000) }

    private var allowance: (allowance: DescriptorAllowance, whose: String) {
        if let process = running?.processID, let of = DescriptorAllowance.of(process: process) {
            return (of, "the running gateway")
        }
        if let text = unit?["LimitNOFILE"], let most = Int(text) {
            let ceiling = KernelSetting.number("fs.nr_open")
            return (DescriptorAllowance(most: most, ceiling: ceiling), "`\(Examination.unit)`")
        }
        return (.of() ?? DescriptorAllowance(most: 0, ceiling: nil), "programs started here")
    }

    private var ports: Finding {
        let range = KernelSetting.numbers("net.ipv4.ip_local_port_range") ?? []
        let isTCP = loaded.plan.targets.contains { if case .tcp = $0.address { true } else { false } }
        let loops = process.loops ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let most = isTCP ? min(UpstreamSettings().connections * loops, connections) : 0
        guard range.count == 2, range[0] <= range[1] else { return .ports(1...65_535, connections: 0) }
        return .ports(range[0]...range[1], connections: most)
    }

    private var memory: Finding {
        if let overload = running?.overload, let limit = overload.memoryLimit {
            return .memory(
                limit: limit, whose: "the running gateway", connections: connections, level: overload.level)
        }
        // The unit's `infinity` is no number.
        let (group, whose) =
            if let unit { (unit["MemoryMax"].flatMap { Int($0) }, "`\(Examination.unit)`") } else {
                (MemoryGauge().read()?.limit, "programs started here")
            }
        guard let own = process.overload.memory, own < group ?? .max else {
            return .memory(limit: group, whose: whose, connections: connections)
        }
        return .memory(limit: own, whose: "`overload.memory`", connections: connections)
    }
}
