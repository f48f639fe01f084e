import PosternControl
import PosternHTTP
import PosternPolicy

extension Service {
    /// What a reload did, in lines for a person.
    func changes(
        from old: LoadedConfiguration, to new: LoadedConfiguration, opened: ListenerSet.Opened,
        leaving: [ListenerSet.Running]
    ) -> [String] {
        var lines = ["generation \(generation) is served: \(new.plan.summary)"]
        for listener in new.process.listeners {
            guard let sockets = opened[listener.specification] else { continue }
            lines.append("opened \(listener.id) on \(sockets.map { $0.address.listenerText }.joined(separator: ", "))")
        }
        for listener in leaving { lines.append("closed \(listener.specification.endpointID)") }
        let (before, after) = (old.process, new.process)
        if before.loops != after.loops { lines.append("`loops` takes effect at the next start") }
        if before.explainedRequests != after.explainedRequests {
            lines.append("`explain.requests` takes effect at the next start")
        }
        if before.accessLog != after.accessLog { lines.append("`accessLog` takes effect at the next start") }
        if before.admin != after.admin { lines.append("`admin` takes effect at the next start") }
        if before.timeouts.upstreamKeepAlive != after.timeouts.upstreamKeepAlive {
            lines.append("`timeouts.upstreamKeepAlive` takes effect at the next start")
        }
        if before.timeouts.streamIdle != after.timeouts.streamIdle {
            lines.append("`timeouts.streamIdle` takes effect toward upstreams at the next start")
        }
        return lines + new.warnings.map(\.description)
    }
}
