import PosternTelemetry

/// The busiest routes of the last seconds, as `postern top` shows them.
package struct TopReport: Codable, Sendable, Equatable {
    package struct Route: Codable, Sendable, Equatable {
        /// Empty, like the three below, for requests that found no route.
        package var api: String
        package var stage: String
        package var verb: String
        /// The template, `/order/{id}`.
        package var resourcePath: String
        package var requestsPerSecond: Double
        /// nil: no request ended.
        package var p50Milliseconds: Double?
        package var p99Milliseconds: Double?
        /// 0 to 1 of the requests that ended: answered with 4xx; answered with 5xx or not at all.
        package var clientErrorShare: Double
        package var serverErrorShare: Double
        /// Ended since the start.
        package var requests: Int
    }

    /// What the rates were measured over, at most some ten seconds.
    package var seconds: Double
    package var routes: [Route]
    /// Routes in use that are not listed.
    package var omitted: Int

    /// The most that are listed.
    package static let mostRoutes = 500
}

extension TopReport.Route {
    init(_ route: RouteIdentity, _ period: TrafficPeriod, requests: Int) {
        let traffic = period.traffic
        (api, stage, verb, resourcePath) = (route.api, route.stage, route.verb, route.resourcePath)
        requestsPerSecond = period.perSecond(traffic.requests)
        p50Milliseconds = traffic.milliseconds(ofShare: 0.5)
        p99Milliseconds = traffic.milliseconds(ofShare: 0.99)
        let ended = Double(max(traffic.requests, 1))
        clientErrorShare = (Double(traffic.clientErrors) / ended).rounded(toPlaces: 4)
        serverErrorShare = (Double(traffic.serverErrors) / ended).rounded(toPlaces: 4)
        self.requests = requests
    }
}
