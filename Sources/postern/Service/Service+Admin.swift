import Glibc
import PosternControl
import PosternGateway
import PosternHTTP
import PosternModel
import PosternTelemetry

/// What the admin socket asks.
extension Service: AdminService {
    func isReady() -> Bool { isServing }

    func metrics() async -> [UInt8] {
        guard let snapshot = try? await gateway.snapshot() else { return [] }
        let samples = [
            MetricSample(MetricNames.buildInfo, 1, labels: [("version", Version.text)]),
            MetricSample(MetricNames.planGeneration, Double(generation)),
            MetricSample(MetricNames.planPublished, Double(publishedAt) / 1e9),
            MetricSample(MetricNames.reloads, Double(reloads.succeeded), labels: [("result", "success")]),
            MetricSample(MetricNames.reloads, Double(reloads.failed), labels: [("result", "failure")]),
            MetricSample(MetricNames.ready, isServing ? 1 : 0),
            MetricSample(MetricNames.eventLoops, Double(gateway.loopCount)),
        ]
        let certificates = await certificateKeeper.report().samples + revocation.samples
        return PrometheusText.render(
            snapshot, log: log?.statistics, process: .read(), samples: samples + certificates)
    }

    func certificates() async -> CertificatesReport { await certificateKeeper.report() }

    func status() async -> StatusReport {
        let snapshot = try? await gateway.snapshot()
        let connections = (try? await gateway.connectionCount()) ?? 0
        return StatusReport(
            version: Version.text, processID: Int(getpid()), generation: generation, configuration: configuration.file,
            ready: isServing, uptimeSeconds: Int((ContinuousClock.now - started).components.seconds),
            eventLoops: gateway.loopCount,
            listeners: listeners.running.map {
                .init(endpoint: $0.specification.endpointID, vpc: $0.specification.vpcID, addresses: $0.addresses)
            },
            apis: configuration.plan.apis.map { api in
                .init(
                    id: api.id, stages: api.stages.map(\.name), routes: api.stages.first?.routes.count ?? 0,
                    hasPolicy: api.policy != nil)
            },
            connections: connections, activeRequests: snapshot?.activeRequests ?? 0,
            requests: snapshot?.requestsEnded ?? 0, refusals: snapshot?.requestsRefused ?? 0,
            droppedLogRecords: log?.statistics.droppedRecords ?? 0, lastReload: lastReload)
    }
}
