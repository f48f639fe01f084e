import Glibc
import NIOCore
import PosternControl
import PosternGateway
import PosternHTTP
import PosternHost
import PosternModel
import PosternTelemetry

/// What `postern status` and `postern top` ask for, put together from both planes and the host.
extension Service {
    func status() async -> StatusReport {
        var report = StatusReport(
            version: Version.text, processID: Int(getpid()),
            user: .init(uid: geteuid(), gid: getegid(), name: AccountDatabase.userName(geteuid())),
            generation: generation, configuration: configuration.file, ready: isServing,
            uptimeSeconds: Int((ContinuousClock.now - started).components.seconds))
        report.eventLoops = gateway.loopCount
        report.apis = configuration.plan.apis.map(StatusReport.API.init)
        report.listeners = listenerReports()
        report.lastReload = lastReload.map {
            .init(at: TimeText.text($0.epochSecond), orderedBy: $0.orderedBy, $0.report)
        }
        report.log = log.map { StatusReport.Log($0.statistics) }
        report.systemLog = SystemLog.process.writer.map { StatusReport.Log($0.statistics) }
        report.acceptErrors = gateway.acceptErrors.all.filter { $0.count > 0 }.map {
            .init(reason: $0.reason.rawValue, count: $0.count)
        }
        report.privileges = try? ProcessPrivileges.ofProcess()
        report.landlock = LandlockStatus.ofProcess()
        report.overload = await overload.status()
        if let snapshot = try? await gateway.snapshot() { report.add(snapshot) }
        report.connections = (try? await gateway.connectionCount()) ?? 0
        report.traffic = await traffic.report
        report.upstreams = ((try? await gateway.upstreams()) ?? []).map(UpstreamReport.init)
        report.certificates = CertificatesSummary(await certificates())
        return report
    }

    func top() async -> TopReport { await traffic.top() }

    private func listenerReports() -> [StatusReport.Listener] {
        let secured = Set(configuration.process.listeners.filter { $0.tls != nil }.map(\.id))
        return listeners.running.map { listener in
            let specification = listener.specification
            return .init(
                endpoint: specification.endpointID, vpc: specification.vpcID, addresses: listener.addresses,
                tls: secured.contains(specification.endpointID))
        }
    }
}

extension TrafficMonitor {
    init(_ gateway: Gateway) {
        self.init(
            totals: { try? await gateway.traffic() }, routes: { try? await gateway.snapshot()?.routeTraffic })
    }
}

extension StatusReport {
    fileprivate mutating func add(_ snapshot: MetricsSnapshot) {
        activeRequests = snapshot.activeRequests
        requests = snapshot.requestsEnded
        refusals = snapshot.requestsRefused
        statuses = Dictionary(uniqueKeysWithValues: zip(TrafficTotals.classLabels, snapshot.requestsByClass))
        refusedFor =
            snapshot.refusalsByType.map {
                RefusalCount(reason: $0.type, decision: $0.decision == "none" ? nil : $0.decision, count: $0.count)
            }
            + snapshot.parseRefusalsByReason.map { RefusalCount(reason: $0.reason, decision: nil, count: $0.count) }
        for counted in snapshot.connections {
            guard let place = listeners.firstIndex(where: { $0.endpoint == counted.endpoint }) else { continue }
            listeners[place].connections = counted.active
            listeners[place].accepted = counted.accepted
            listeners[place].refused = counted.refused
        }
    }
}

extension StatusReport.API {
    fileprivate init(_ api: PlannedAPI) {
        self.init(
            id: api.id, stages: api.stages.map { .init(name: $0.name, routes: $0.routes.count) },
            hasPolicy: api.policy != nil)
    }
}

extension StatusReport.Log {
    fileprivate init(_ statistics: LogStatistics) {
        self.init(
            writtenBytes: statistics.writtenBytes, droppedRecords: statistics.droppedRecords,
            errors: statistics.errors,
            lastError: statistics.lastError == 0 ? nil : String(cString: strerror(statistics.lastError)))
    }
}

extension UpstreamReport {
    fileprivate init(_ health: UpstreamHealth) {
        let counts = health.counts
        let failures = zip(UpstreamFailure.Kind.allCases, counts.failures).filter { $0.1 > 0 }
        self.init(
            target: "\(health.target)", tls: health.target.tls != nil, active: health.active, idle: health.idle,
            requests: counts.requests, failures: failures.map { .init(kind: $0.rawValue, count: $1) },
            lastFailure: counts.lastFailure.map { last in
                let seconds = Int((NIODeadline.now() - last.at).nanoseconds / 1_000_000_000)
                let then = SystemTime.wallNanoseconds() / 1_000_000_000 - seconds
                return .init(
                    kind: last.failure.name, detail: last.failure.detail, at: TimeText.text(then), secondsAgo: seconds)
            })
    }
}
