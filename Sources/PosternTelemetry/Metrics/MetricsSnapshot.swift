/// The counters of one loop, or of several merged, at one moment. A plain value.
package struct MetricsSnapshot: Sendable {
    package let vocabulary: MetricsVocabulary
    package private(set) var routes: SlotTable<RouteIdentity>
    package private(set) var listeners: SlotTable<String>
    /// By API.
    package private(set) var shadow: SlotTable<String>
    /// Refusal types × policy outcomes.
    private(set) var refusals: [Int]
    private(set) var parseRefusals: [Int]
    private(set) var proxyHeaderRefusals: [Int]
    private(set) var unixPeerRefusals: [Int]
    private(set) var handshakes: [Int]
    private(set) var upstreamHandshakes: [Int]
    private(set) var upstreamEvents: [Int]
    package private(set) var activeRequests: Int
    package private(set) var upstreamActive: Int
    package private(set) var upstreamIdle: Int

    init(
        vocabulary: MetricsVocabulary, routes: SlotTable<RouteIdentity>, listeners: SlotTable<String>,
        shadow: SlotTable<String>, refusals: [Int], parseRefusals: [Int], proxyHeaderRefusals: [Int],
        unixPeerRefusals: [Int], handshakes: [Int], upstreamHandshakes: [Int], upstreamEvents: [Int],
        activeRequests: Int, upstreamActive: Int, upstreamIdle: Int
    ) {
        self.vocabulary = vocabulary
        self.routes = routes
        self.listeners = listeners
        self.shadow = shadow
        self.refusals = refusals
        self.parseRefusals = parseRefusals
        self.proxyHeaderRefusals = proxyHeaderRefusals
        self.unixPeerRefusals = unixPeerRefusals
        self.handshakes = handshakes
        self.upstreamHandshakes = upstreamHandshakes
        self.upstreamEvents = upstreamEvents
        self.activeRequests = activeRequests
        self.upstreamActive = upstreamActive
        self.upstreamIdle = upstreamIdle
    }

    /// Adds another loop's counters.
    package mutating func merge(_ other: MetricsSnapshot) {
        precondition(vocabulary == other.vocabulary, "loops have one vocabulary")
        routes.merge(other.routes)
        listeners.merge(other.listeners)
        shadow.merge(other.shadow)
        Self.add(&refusals, other.refusals)
        Self.add(&parseRefusals, other.parseRefusals)
        Self.add(&proxyHeaderRefusals, other.proxyHeaderRefusals)
        Self.add(&unixPeerRefusals, other.unixPeerRefusals)
        Self.add(&handshakes, other.handshakes)
        Self.add(&upstreamHandshakes, other.upstreamHandshakes)
        Self.add(&upstreamEvents, other.upstreamEvents)
        activeRequests += other.activeRequests
        upstreamActive += other.upstreamActive
        upstreamIdle += other.upstreamIdle
    }

    private static func add(_ counters: inout [Int], _ others: [Int]) {
        for (index, value) in others.enumerated() { counters[index] &+= value }
    }
}

/// What `status` shows of the counters.
extension MetricsSnapshot {
    /// Requests ended, by class of status: none, 1xx … 5xx.
    package var requestsByClass: [Int] {
        (0..<RouteWord.classCount).map { total(RouteWord.classes + $0) }
    }

    package var requestsEnded: Int { requestsByClass.reduce(0, +) }

    /// Requests refused by the gateway.
    package var requestsRefused: Int { refusals.reduce(0, +) }

    /// Of each route that has had a request; `RouteIdentity.unrouted` stands for those that found none.
    package var routeTraffic: [(route: RouteIdentity, totals: TrafficTotals)] {
        let classes = RouteWord.classes..<RouteWord.classes + RouteWord.classCount
        let durations = RouteWord.durationBuckets..<RouteWord.durationBuckets + DurationBuckets.count
        return routes.identities.indices.filter { routes.sum($0, classes) > 0 }.map { row in
            (
                routes.identities[row],
                TrafficTotals(
                    classes: classes.map { routes[row, $0] }, durations: durations.map { routes[row, $0] })
            )
        }
    }

    /// Requests refused, by gateway response type and the policy's decision; those that there were.
    package var refusalsByType: [(type: String, decision: String, count: Int)] {
        vocabulary.refusals.enumerated().flatMap { type, name in
            PolicyOutcome.allCases.compactMap { outcome in
                let count = refusals(type, decision: outcome)
                return count > 0 ? (name, "\(outcome.text)", count) : nil
            }
        }
    }

    /// Requests that were not valid HTTP or over a limit, by reason; those that there were.
    package var parseRefusalsByReason: [(reason: String, count: Int)] {
        zip(vocabulary.parseRefusals, parseRefusals).filter { $0.1 > 0 }.map { ($0, $1) }
    }

    package var requestBytes: Int { total(RouteWord.requestBytes) }
    package var responseBytes: Int { total(RouteWord.responseBytes) }

    /// Per listener id: connections open, accepted, refused at a limit.
    package var connections: [(endpoint: String, active: Int, accepted: Int, refused: Int)] {
        listeners.identities.enumerated().map { row, id in
            (
                id, listeners[row, ListenerWord.inFlight], listeners[row, ListenerWord.accepted],
                listeners[row, ListenerWord.refused]
            )
        }
    }

    /// Requests ended on a route; 0 for one that is not known.
    package func requestsEnded(_ route: RouteIdentity) -> Int {
        guard let row = routes.identities.firstIndex(of: route) else { return 0 }
        return routes.sum(row, RouteWord.classes..<RouteWord.classes + RouteWord.classCount)
    }

    package func count(_ event: UpstreamEvent) -> Int { upstreamEvents[event.rawValue] }

    package func refusals(_ type: Int, decision: PolicyOutcome) -> Int {
        refusals[type * PolicyOutcome.allCases.count + decision.rawValue]
    }

    private func total(_ word: Int) -> Int {
        routes.identities.indices.reduce(0) { $0 &+ routes[$1, word] }
    }
}
