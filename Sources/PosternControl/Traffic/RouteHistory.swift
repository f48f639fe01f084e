import PosternTelemetry

/// Totals of the routes in use over the last seconds, kept only while somebody looks: a gateway may have very many routes.
struct RouteHistory: Sendable {
    /// How far it reaches back.
    static let seconds = 10
    private static let reach = seconds * 1_000_000_000

    /// Newest last; at most one a second.
    private var samples: [(nanoseconds: Int, routes: [RouteIdentity: TrafficTotals])] = []

    /// When the newest sample was taken, in monotonic nanoseconds.
    var newest: Int? { samples.last?.nanoseconds }

    /// Whether there are two samples, without which there is no rate, and the newest may still be shown at this time.
    func isCurrent(at nanoseconds: Int) -> Bool {
        samples.count > 1 && nanoseconds - samples[samples.count - 1].nanoseconds < 900_000_000
    }

    mutating func add(_ routes: [(route: RouteIdentity, totals: TrafficTotals)], at nanoseconds: Int) {
        samples.removeAll { nanoseconds - $0.nanoseconds > Self.reach + 500_000_000 }
        samples.append((nanoseconds, Dictionary(routes.map { ($0.route, $0.totals) }) { first, _ in first }))
    }

    mutating func forget() { samples = [] }

    /// The routes with most requests since the oldest sample, busiest first; then by name, so that idle ones stand still.
    func report(most: Int = TopReport.mostRoutes) -> TopReport {
        guard let last = samples.last, let first = samples.first, samples.count > 1 else {
            return TopReport(seconds: 0, routes: [], omitted: 0)
        }
        let seconds = Double(last.nanoseconds - first.nanoseconds) / 1e9
        let routes = last.routes.map { route, totals in
            let traffic = first.routes[route].map(totals.since) ?? totals
            return TopReport.Route(
                route, TrafficPeriod(seconds: seconds, traffic: traffic), requests: totals.requests)
        }
        let sorted = routes.sorted { ($1.requestsPerSecond, $0.name) < ($0.requestsPerSecond, $1.name) }
        return TopReport(
            seconds: seconds.rounded(toPlaces: 3), routes: Array(sorted.prefix(most)),
            omitted: max(sorted.count - most, 0))
    }
}

extension TopReport.Route {
    /// `shop/prod GET /order/{id}`
    package var name: String { api.isEmpty ? "(no route)" : "\(api)/\(stage) \(verb) \(resourcePath)" }
}
