package import PosternTelemetry

/// Keeps the last minute's traffic, by a look at the counters each second, so that nothing has to be worked out while
/// requests are served.
package actor TrafficMonitor {
    package typealias Routes = [(route: RouteIdentity, totals: TrafficTotals)]

    private let totals: @Sendable () async -> TrafficTotals?
    private let routes: @Sendable () async -> Routes?
    private let now: @Sendable () -> Int
    private var history = TrafficHistory()
    private var routeHistory = RouteHistory()
    private var sampling: Task<Void, Never>?

    /// - Parameters:
    ///   - totals: of all loops; asked each second. nil: they cannot be asked any more.
    ///   - routes: of each route in use; asked only while somebody looks.
    ///   - now: nanoseconds of a clock that only goes on.
    package init(
        totals: @escaping @Sendable () async -> TrafficTotals?, routes: @escaping @Sendable () async -> Routes?,
        now: @escaping @Sendable () -> Int = SystemTime.monotonicNanoseconds
    ) {
        self.totals = totals
        self.routes = routes
        self.now = now
    }

    package func start() {
        guard sampling == nil else { return }
        sampling = Task { [weak self] in
            while !Task.isCancelled {
                await self?.sample()
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    package func stop() {
        sampling?.cancel()
        sampling = nil
    }

    package var report: TrafficReport { history.report }

    /// Rates over the last ten seconds while somebody goes on asking; the first answer takes a second, for a rate lies
    /// between two looks.
    package func top() async -> TopReport {
        var time = now()
        if !routeHistory.isCurrent(at: time) {
            // What is left of an earlier look is too old to begin with.
            if let newest = routeHistory.newest, time - newest > Self.forgottenAfter { routeHistory.forget() }
            if routeHistory.newest == nil {
                await sampleRoutes()
                try? await Task.sleep(for: .seconds(1))
                time = now()
            }
            // Somebody else may have looked meanwhile.
            if !routeHistory.isCurrent(at: time) { await sampleRoutes() }
        }
        return routeHistory.report()
    }

    private static let forgottenAfter = 15_000_000_000

    private func sample() async {
        if let totals = await totals() { history.add(totals, at: now()) }
        if let newest = routeHistory.newest, now() - newest > Self.forgottenAfter {
            routeHistory.forget()
        }
    }

    private func sampleRoutes() async {
        if let routes = await routes() { routeHistory.add(routes, at: now()) }
    }
}
