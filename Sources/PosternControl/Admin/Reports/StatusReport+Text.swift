import PosternHost

/// The report for people: a line for each fact, with what it is about in front.
extension StatusReport {
    package typealias Line = (name: String, value: String)

    /// In the order of a reader's questions: is it well, what is it doing, what does it serve, what may it do.
    package var lines: [Line] {
        let lines =
            processLines + reloadLines + trafficLines + servedLines + upstreamLines + certificateLines + logLines
            + overloadLines + privilegeLines
        return lines.map { ($0.name, $0.value.forTerminal) }
    }

    private var processLines: [Line] {
        let user = user.name ?? "uid \(user.uid)"
        return [
            ("postern", "\(version), process \(processID) as \(user), \(ready ? "ready" : "not ready")"),
            ("configuration", "\(configuration), generation \(generation)"),
            ("uptime", "\(ReportText.time(uptimeSeconds)), \(ReportText.count(eventLoops, "event loop"))"),
        ]
    }

    /// More of what a reload said are in the log.
    private static let mostMessages = 4

    private var reloadLines: [Line] {
        guard let reload = lastReload else { return [] }
        let outcome = reload.succeeded ? "succeeded" : "failed"
        let head: Line = ("last reload", "\(reload.at) by \(reload.orderedBy) \(outcome)")
        return [head] + reload.messages.prefix(Self.mostMessages).map { ("", $0) }
            + (reload.messages.count > Self.mostMessages ? [("", "and more, which the system log has")] : [])
    }

    private var trafficLines: [Line] {
        var lines: [Line] = [
            ("connections", "\(connections) open, \(ReportText.count(activeRequests, "request")) in progress"),
            ("requests", "\(requests) ended, \(refusals) of them refused here\(ReportText.statuses(statuses))"),
        ]
        if !acceptErrors.isEmpty {
            let counts = acceptErrors.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
            lines.append(("not accepted", counts))
        }
        if !traffic.windows.isEmpty { lines.append(("rate", ReportText.rates(traffic))) }
        if let latency = traffic.latency { lines.append(("latency", "\(ReportText.latency(latency)), of 60 s")) }
        for refusal in refusedFor.sorted(by: { $0.count > $1.count }) {
            let decision = refusal.decision.map { " (\($0))" } ?? ""
            lines.append(("refused", "\(refusal.count) \(refusal.reason)\(decision)"))
        }
        return lines
    }

    private var servedLines: [Line] {
        let none: [Line] = listeners.isEmpty ? [("listener", "none, so nothing is served")] : []
        return none
            + listeners.map { listener in
                let network = listener.vpc.map { " in \($0)" } ?? ""
                let place = "\(listener.endpoint)\(network) on \(listener.addresses.joined(separator: ", "))"
                let counts = "\(listener.connections) open, \(listener.accepted) accepted, \(listener.refused) refused"
                return ("listener", "\(place)\(listener.tls ? ", TLS" : ""): \(counts)")
            }
            + apis.map { api in
                let stages = api.stages.map { "\($0.name) (\(ReportText.count($0.routes, "route")))" }
                let policy = api.hasPolicy ? "" : "; no policy, so every request is refused"
                return ("api", "\(api.id): \(stages.joined(separator: ", "))\(policy)")
            }
    }

    private var upstreamLines: [Line] {
        upstreams.flatMap { upstream -> [Line] in
            let connections = "\(upstream.active) active, \(upstream.idle) idle"
            let requests = ReportText.count(upstream.requests, "request")
            var lines = [
                ("upstream", "\(upstream.target)\(upstream.tls ? ", TLS" : ""): \(connections), \(requests)")
            ]
            guard let last = upstream.lastFailure else { return lines }
            let kinds = upstream.failures.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
            let detail = last.detail.map { ": \($0)" } ?? ""
            lines.append(("", "failed \(kinds); last \(ReportText.time(last.secondsAgo)) ago, \(last.kind)\(detail)"))
            return lines
        }
    }

    private var certificateLines: [Line] {
        guard let certificates else { return [] }
        var lines = certificates.expired.map { end -> Line in
            ("certificates", "EXPIRED \(end.endsAt): \(end.kind) \(end.subject) of \(end.holder)")
        }
        if let next = certificates.next {
            let left = ReportText.count(next.daysLeft, "day")
            lines.append(
                ("certificates", "next to end in \(left): \(next.kind) \(next.subject) of \(next.holder)"))
        }
        return lines + certificates.problems.map { ("certificates", "not served: \($0)") }
    }

    private var logLines: [Line] {
        [("access log", log), ("system log", systemLog)].compactMap { name, log in
            log.map { log in
                let error = log.lastError.map { ", \(ReportText.count(log.errors, "error")), last: \($0)" } ?? ""
                let dropped = ReportText.count(log.droppedRecords, "record")
                return (name, "\(log.writtenBytes) bytes written, \(dropped) dropped\(error)")
            }
        }
    }

    private var privilegeLines: [Line] {
        guard let privileges else { return [] }
        let held =
            switch privileges.permitted.count {
            case 0: "none"
            case 1...8: privileges.permitted.joined(separator: ", ")
            case let many: "\(many) of them"
            }
        let bounds = privileges.noNewPrivileges ? "no new privileges" : "new privileges possible"
        let places = landlock.map {
            $0.confined
                ? "\(ReportText.count($0.read.count, "place")) readable, \($0.write.count) writable" : "not confined"
        }
        return [("capabilities", "\(held); \(bounds), seccomp \(privileges.seccomp)")]
            + (places.map { [("files", $0)] } ?? [])
    }

    private var overloadLines: [Line] {
        guard let overload, let usage = overload.memoryUsage, let limit = overload.memoryLimit else { return [] }
        let refused = overload.refusedRequests > 0 ? ", \(overload.refusedRequests) requests refused" : ""
        return [("memory", "\(usage >> 20) of \(limit >> 20) MiB, \(overload.level)\(refused)")]
    }
}

/// Numbers in words, shared by `status` and `top`.
package enum ReportText {
    /// `1 route`, `2 routes`
    package static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// The two largest units: `3 d 4 h`, `5 min 2 s`, `7 s`.
    package static func time(_ seconds: Int) -> String {
        let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)]
        guard let first = units.firstIndex(where: { seconds >= $0.1 }) else { return "0 s" }
        let (whole, rest) = seconds.quotientAndRemainder(dividingBy: units[first].1)
        guard first + 1 < units.count, rest >= units[first + 1].1 else { return "\(whole) \(units[first].0)" }
        return "\(whole) \(units[first].0) \(rest / units[first + 1].1) \(units[first + 1].0)"
    }

    /// `12.5/s`, then the same over the longer windows.
    static func rates(_ traffic: TrafficReport) -> String {
        var (rates, measured) = ([String](), 0)
        for window in traffic.windows {
            let seconds = Int(window.measuredSeconds.rounded())
            // Of a gateway that has just started, the longer windows are one and the same.
            guard seconds != measured else { continue }
            measured = seconds
            rates.append("\(decimal(window.requestsPerSecond, 1))/s over \(seconds) s")
        }
        let failing = traffic.windows.last.map { ", \(decimal($0.failuresPerSecond, 1))/s failing" } ?? ""
        return rates.joined(separator: ", ") + failing
    }

    static func latency(_ latency: TrafficReport.Latency) -> String {
        let shares = [
            ("p50", latency.p50Milliseconds), ("p90", latency.p90Milliseconds), ("p99", latency.p99Milliseconds),
        ]
        return shares.map { "\($0) \(milliseconds($1)) ms" }.joined(separator: ", ")
    }

    static func statuses(_ counts: [String: Int]) -> String {
        let seen = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        return seen.isEmpty ? "" : ": " + seen.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    /// As many digits as mean something.
    static func milliseconds(_ value: Double) -> String { decimal(value, value < 10 ? 2 : value < 100 ? 1 : 0) }

    /// With so many places behind the point.
    static func decimal(_ value: Double, _ places: Int) -> String {
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        // What came over the socket may be any number.
        let bounded = min(max(value, 0), 1e12)
        let (whole, rest) = Int((bounded * Double(scale)).rounded()).quotientAndRemainder(dividingBy: scale)
        let digits = String(rest)
        return places == 0
            ? "\(whole)" : "\(whole).\(String(repeating: "0", count: places - digits.count))\(digits)"
    }
}

extension String {
    /// Without characters that a terminal would obey: some of these texts an upstream chose.
    package var forTerminal: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.isControl ? "?" : $0 }))
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
