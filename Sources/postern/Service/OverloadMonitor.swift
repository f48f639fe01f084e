import Logging
import PosternControl
import PosternGateway
import PosternHTTP
import PosternHost
import PosternTelemetry

/// Reads how full memory is and has the data plane shed what the level asks for. Requests pay one load each for it.
actor OverloadMonitor {
    /// Between two readings: while there is a limit, and where there is none yet.
    private static let pace = Duration.milliseconds(250)
    private static let paceWithoutLimit = Duration.seconds(2)
    /// Readings at a raised level between two returns of free memory.
    private static let readingsPerReturn = 8

    private let gateway: Gateway
    private let logger: Logger
    private var gauge: MemoryGauge
    private var governor: OverloadGovernor
    private var reading: MemoryReading?
    private var readings = 0
    private var task: Task<Void, Never>?

    init(_ configuration: OverloadConfiguration, gateway: Gateway, logger: Logger) {
        self.gateway = gateway
        self.logger = logger
        gauge = MemoryGauge(ownLimit: configuration.memory)
        governor = OverloadGovernor(configuration)
    }

    func start() {
        guard task == nil else { return }
        task = Task {
            while !Task.isCancelled {
                await look()
                try? await Task.sleep(for: reading == nil ? Self.paceWithoutLimit : Self.pace)
            }
        }
    }

    func stop() {
        task?.cancel()
        task = nil
    }

    /// Takes other thresholds; the level follows with the next reading.
    func adopt(_ configuration: OverloadConfiguration) {
        gauge = MemoryGauge(ownLimit: configuration.memory)
        governor = OverloadGovernor(configuration, at: governor.level)
    }

    private func look() async {
        let former = governor.level
        reading = gauge.read()
        let isChanged = governor.observe(reading?.percent)
        let level = governor.level
        readings = level == .normal ? 0 : readings + 1
        if level > former || readings % Self.readingsPerReturn == Self.readingsPerReturn - 1 { returnFreeMemory() }
        guard isChanged else { return }
        tell(from: former, to: level)
        // Fails only when the event loops have ended.
        try? await gateway.adopt(level)
    }

    private func tell(from former: OverloadLevel, to level: OverloadLevel) {
        var metadata: Logger.Metadata = ["level": "\(level.name)", "before": "\(former.name)"]
        if let reading {
            metadata["usage"] = "\(reading.usage)"
            metadata["limit"] = "\(reading.limit)"
        }
        if level > former {
            logger.warning("memory is short", metadata: metadata)
        } else {
            logger.notice("memory is less short", metadata: metadata)
        }
    }

    // MARK: What is told of it

    func status() async -> OverloadStatus {
        OverloadStatus(
            level: governor.level.name, memoryUsage: reading?.usage, memoryLimit: reading?.limit,
            refusedRequests: (try? await gateway.overloadRefusals()) ?? 0)
    }

    func samples() async -> [MetricSample] {
        let refusals = (try? await gateway.overloadRefusals()) ?? 0
        var samples = [
            MetricSample(MetricNames.overloadLevel, Double(governor.level.rawValue)),
            MetricSample(MetricNames.overloadRefusals, Double(refusals)),
        ]
        if let reading {
            samples.append(MetricSample(MetricNames.memoryUsage, Double(reading.usage)))
            samples.append(MetricSample(MetricNames.memoryLimit, Double(reading.limit)))
        }
        return samples
    }
}

extension OverloadGovernor {
    init(_ configuration: OverloadConfiguration, at level: OverloadLevel = .normal) {
        self.init(
            shrinkTimers: configuration.shrinkTimers, stopKeepAlive: configuration.stopKeepAlive,
            refuse: configuration.refuse, at: level)
    }
}
