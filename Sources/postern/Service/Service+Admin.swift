import Logging
import PosternControl
import PosternGateway
import PosternTelemetry

/// What the admin socket asks.
extension Service: AdminService {
    func isReady() -> Bool { isServing }

    func reload(by caller: AdminCaller) async -> ReloadReport {
        tell("reload", caller)
        return await reload(orderedBy: caller.userName ?? "uid \(caller.userID)")
    }

    func upgrade(by caller: AdminCaller) async -> UpgradeReport {
        tell("upgrade", caller)
        return await upgrade()
    }

    private func tell(_ order: String, _ caller: AdminCaller) {
        logger.notice(
            "\(order) ordered",
            metadata: [
                "uid": "\(caller.userID)", "user": "\(caller.userName ?? "")", "gid": "\(caller.groupID)",
                "pid": "\(caller.processID)",
            ])
    }

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
            snapshot, log: log?.statistics, process: .read(),
            samples: samples + certificates + (await overload.samples()) + watch.samples)
    }

    func certificates() async -> CertificatesReport { await certificateKeeper.report() }
}
