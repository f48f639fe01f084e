import Logging
import PosternGateway
import PosternHTTP
import PosternTelemetry

/// Tells the operator of what goes on quietly: logs that lose records, connections that cannot be taken in. Once when it
/// begins and once when it ends, or no more than once a minute.
actor ServiceWatch {
    private static let pace = Duration.seconds(1)
    private static let mostOften = Duration.seconds(60)

    private let accessLog: LogWriter?
    private let gateway: Gateway
    private let logger: Logger
    private var accessHealth = LogHealth()
    private var systemHealth = LogHealth()
    private var knownExhaustions = 0
    private var lastTold: ContinuousClock.Instant?
    private var task: Task<Void, Never>?

    init(accessLog: LogWriter?, gateway: Gateway, logger: Logger) {
        self.accessLog = accessLog
        self.gateway = gateway
        self.logger = logger
    }

    func start() {
        guard task == nil else { return }
        task = Task {
            while !Task.isCancelled {
                look()
                try? await Task.sleep(for: Self.pace)
            }
        }
    }

    func stop() {
        task?.cancel()
        task = nil
    }

    private func look() {
        if let accessLog, let change = accessHealth.observe(accessLog.statistics) { tell(change, "access", accessLog) }
        if let log = SystemLog.process.writer, let change = systemHealth.observe(log.statistics) {
            tell(change, "system", log)
        }
        lookAtDescriptors()
    }

    private func tell(_ change: LogHealth.Change, _ name: String, _ log: LogWriter) {
        var metadata: Logger.Metadata = ["log": "\(name)", "path": "\(log.target.name)"]
        switch change {
        case .began(let code):
            metadata["reason"] = "\(LogHealth.text(of: code))"
            logger.warning("log records cannot be written, or not as fast as they come", metadata: metadata)
        case .ended(let lost):
            metadata["lost"] = "\(lost)"
            logger.notice("log records are written again", metadata: metadata)
        }
    }

    private func lookAtDescriptors() {
        let exhaustions = gateway.acceptErrors.exhaustions
        guard exhaustions > knownExhaustions else { return }
        let now = ContinuousClock.now
        if let lastTold, now - lastTold < Self.mostOften { return }
        var metadata: Logger.Metadata = ["failures": "\(exhaustions - knownExhaustions)"]
        for (reason, count) in gateway.acceptErrors.all where count > 0 { metadata[reason.rawValue] = "\(count)" }
        logger.warning("connections cannot be accepted", metadata: metadata)
        lastTold = now
        knownExhaustions = exhaustions
    }

    nonisolated var samples: [MetricSample] {
        gateway.acceptErrors.all.map {
            MetricSample(MetricNames.acceptErrors, Double($0.count), labels: [("reason", $0.reason.rawValue)])
        }
            + [
                MetricSample(
                    MetricNames.systemLogDroppedRecords,
                    Double(SystemLog.process.writer?.statistics.droppedRecords ?? 0))
            ]
    }
}
