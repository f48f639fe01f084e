/// The screen of `postern top`: from what the gateway said to lines that fit the window. Knows no terminal.
package struct TopScreen: Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case rate, p99, errors, name
    }

    package enum Style: Sendable, Equatable { case plain, heading, alarm }

    package struct Line: Sendable, Equatable {
        package var text: String
        package var style = Style.plain
    }

    package var status: StatusReport
    package var top: TopReport
    package var order = Order.rate
    package var isPaused = false
    /// Why what is shown is old; nil where it is not.
    package var trouble: String?

    package init(status: StatusReport, top: TopReport) {
        self.status = status
        self.top = top
    }

    package mutating func sortNext() {
        let orders = Order.allCases
        order = orders[(orders.firstIndex(of: order)! + 1) % orders.count]
    }

    /// - Parameters:
    ///   - width: columns, at which lines are cut.
    ///   - height: rows, all of which are given; nil: as many as there are, without the line of keys.
    package func lines(width: Int, height: Int?) -> [Line] {
        let head = self.head
        let routes = routeRows
        let upstreams = status.upstreams.sorted(by: Self.isMoreUrgent)
        var lines = head
        var (routeRoom, upstreamRoom) = (routes.count, upstreams.count)
        if let height {
            // Two headings, an empty line before each, and the keys.
            let room = max(height - head.count - 5, 0)
            upstreamRoom = min(upstreams.count, max(room / 3, room - routes.count))
            routeRoom = min(routes.count, room - upstreamRoom)
        }
        let routeWidth = min(max(routes.map(\.name.count).max() ?? 0, 20), max(width - 48, 20))
        lines += [Line(text: ""), Line(text: Self.routeHeading(routeWidth), style: .heading)]
        lines += routes.prefix(routeRoom).map { Self.line($0, routeWidth) }
        if !upstreams.isEmpty {
            lines += [Line(text: ""), Line(text: Self.upstreamHeading(width), style: .heading)]
            lines += upstreams.prefix(upstreamRoom).map { Self.line($0, width) }
        }
        if let height {
            lines = Array(lines.prefix(max(height - 1, 0)))
            lines += Array(repeating: Line(text: ""), count: max(height - 1 - lines.count, 0))
            lines.append(keys)
        }
        return lines.map { Line(text: String($0.text.forTerminal.prefix(width)), style: $0.style) }
    }

    // MARK: Head

    private var head: [Line] {
        let user = status.user.name ?? "uid \(status.user.uid)"
        var lines = [
            Line(
                text: "postern \(status.version), process \(status.processID) as \(user), "
                    + "generation \(status.generation), up \(ReportText.time(status.uptimeSeconds))"
                    + (status.ready ? "" : ", NOT READY")),
            Line(
                text: "\(status.connections) connections open, \(status.activeRequests) requests in progress"
                    + ReportText.statuses(status.traffic.windows.last?.statuses ?? [:]) + " in 60 s"),
            Line(text: status.traffic.windows.isEmpty ? "no rates yet" : ReportText.rates(status.traffic)),
        ]
        if let latency = status.traffic.latency { lines.append(Line(text: ReportText.latency(latency) + ", of 60 s")) }
        return lines + alarms.map { Line(text: $0, style: .alarm) }
    }

    private var alarms: [String] {
        var alarms: [String] = []
        if let trouble { alarms.append(trouble) }
        if let reload = status.lastReload, !reload.succeeded {
            alarms.append("the reload of \(reload.at) failed: \(reload.messages.first ?? "")")
        }
        if let log = status.log, log.droppedRecords > 0 {
            alarms.append("\(ReportText.count(log.droppedRecords, "record")) of the access log dropped")
        }
        if let certificates = status.certificates {
            if let first = certificates.expired.first {
                let more = certificates.expired.count > 1 ? " and \(certificates.expired.count - 1) more" : ""
                alarms.append("expired: \(first.kind) \(first.subject) of \(first.holder)\(more)")
            }
            if let problem = certificates.problems.first { alarms.append("certificates not served: \(problem)") }
        }
        return alarms
    }

    private var keys: Line {
        let omitted = top.omitted > 0 ? "   \(top.omitted) routes not shown" : ""
        return Line(
            text: "q quit   s sort: \(order.rawValue)   p \(isPaused ? "go on (PAUSED)" : "pause")\(omitted)",
            style: .heading)
    }

    // MARK: Routes

    private var routeRows: [TopReport.Route] {
        switch order {
        case .rate: top.routes
        case .p99: sorted { ($0.p99Milliseconds ?? -1, $0.requestsPerSecond) }
        case .errors: sorted { ($0.serverErrorShare, $0.clientErrorShare) }
        case .name: top.routes.sorted { $0.name < $1.name }
        }
    }

    /// Most first; equal ones stay by rate.
    private func sorted(_ key: (TopReport.Route) -> (Double, Double)) -> [TopReport.Route] {
        top.routes.enumerated().sorted { left, right in
            let (a, b) = (key(left.element), key(right.element))
            return a != b ? a > b : left.offset < right.offset
        }.map(\.element)
    }

    private static func routeHeading(_ width: Int) -> String {
        "ROUTE".left(width) + ["RATE/s", "P50 ms", "P99 ms", "4xx %", "5xx %"].map { $0.right(9) }.joined()
    }

    private static func line(_ route: TopReport.Route, _ width: Int) -> Line {
        func time(_ value: Double?) -> String { value.map(ReportText.milliseconds) ?? "-" }
        let cells = [
            ReportText.decimal(route.requestsPerSecond, 1), time(route.p50Milliseconds), time(route.p99Milliseconds),
            ReportText.decimal(route.clientErrorShare * 100, 1), ReportText.decimal(route.serverErrorShare * 100, 1),
        ]
        return Line(
            text: route.name.left(width) + cells.map { $0.right(9) }.joined(),
            style: route.serverErrorShare > 0 ? .alarm : .plain)
    }

    // MARK: Upstreams

    /// Failing ones first, the last failure before others; then the busiest.
    private static func isMoreUrgent(_ left: UpstreamReport, _ right: UpstreamReport) -> Bool {
        let (a, b) = (left.lastFailure?.secondsAgo ?? .max, right.lastFailure?.secondsAgo ?? .max)
        return a != b ? a < b : (right.requests, left.target) < (left.requests, right.target)
    }

    private static func upstreamHeading(_ width: Int) -> String {
        "UPSTREAM".left(upstreamWidth(width))
            + ["ACTIVE", "IDLE", "REQUESTS", "FAILED"].map { $0.right(10) }.joined() + "  LAST FAILURE"
    }

    private static func upstreamWidth(_ width: Int) -> Int { max(min(width - 70, 40), 20) }

    private static func line(_ upstream: UpstreamReport, _ width: Int) -> Line {
        let failures = upstream.failures.reduce(0) { $0 + $1.count }
        let cells = [upstream.active, upstream.idle, upstream.requests, failures].map { "\($0)".right(10) }.joined()
        let last = upstream.lastFailure.map { last in
            "  \(ReportText.time(last.secondsAgo)) ago: \(last.kind)\(last.detail.map { ", \($0)" } ?? "")"
        }
        let isRecent = upstream.lastFailure.map { $0.secondsAgo < 60 } ?? false
        return Line(
            text: upstream.target.left(upstreamWidth(width)) + cells + (last ?? ""),
            style: isRecent ? .alarm : .plain)
    }
}

extension String {
    /// In a column of this width, cut where it is longer.
    fileprivate func left(_ width: Int) -> String {
        count > width
            ? String(prefix(max(width - 1, 0))) + "…" : self + String(repeating: " ", count: width - count)
    }

    /// At the right of a column, never cut: a wrong number would be worse than a bent line.
    fileprivate func right(_ width: Int) -> String {
        String(repeating: " ", count: max(width - count, 1)) + self
    }
}
