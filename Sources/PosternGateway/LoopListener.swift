import PosternHTTP
import PosternTelemetry

/// A listener as one event loop serves it: what a reload may change while its connections stay, and its count of them.
final class LoopListener: ListenerObserver {
    private let metrics: LoopMetrics
    /// The listener's place among the listeners of the metrics.
    var index: Int
    /// The API of requests that name none; empty where there is none such.
    var defaultAPI: [UInt8]
    private var slot: Int?

    init(_ metrics: LoopMetrics, index: Int, defaultAPI: String?) {
        self.metrics = metrics
        self.index = index
        self.defaultAPI = Array((defaultAPI ?? "").utf8)
    }

    func connectionAccepted() { slot = metrics.beginConnection(listener: index) }

    func connectionClosed() {
        if let slot { metrics.endConnection(slot: slot) }
    }

    func connectionRefused() { metrics.countConnectionRefused(listener: index) }

    func proxyHeaderRefused(_ refusal: ProxyHeaderRefusal?) {
        let position = refusal.flatMap { ProxyHeaderRefusal.allCases.firstIndex(of: $0) }
        metrics.countProxyHeaderRefusal(position.map { $0 + 1 } ?? 0)
    }
}
