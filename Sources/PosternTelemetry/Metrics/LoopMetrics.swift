/// The counters of one event loop: plain integers that only this loop touches, so that counting costs no atomics.
///
/// The control plane has each loop make a `snapshot()` and merges them. Nothing here allocates, except `resize` and
/// `snapshot`. Connections and requests hold on to the slot that they began with, because a reload renumbers routes.
package final class LoopMetrics {
    private let vocabulary: MetricsVocabulary
    private let routes = StableSlots<RouteIdentity>(stride: RouteWord.count)
    private let listeners = StableSlots<String>(stride: ListenerWord.count)
    private let shadow = StableSlots<String>(stride: ShadowWord.count)
    private let unroutedSlot: Int
    private let refusals: Counters
    private let parseRefusals: Counters
    private let proxyHeaderRefusals: Counters
    private let unixPeerRefusals: Counters
    private let handshakes: Counters
    private let upstreamHandshakes: Counters
    private let upstreamEvents = Counters(UpstreamEvent.allCases.count)

    /// Requests in progress.
    package private(set) var activeRequests = 0
    /// Connections to upstreams that carry a request.
    package var upstreamActive = 0
    /// Connections to upstreams that wait in a pool.
    package var upstreamIdle = 0

    package init(vocabulary: MetricsVocabulary) {
        self.vocabulary = vocabulary
        refusals = Counters(vocabulary.refusals.count * PolicyOutcome.allCases.count)
        parseRefusals = Counters(vocabulary.parseRefusals.count)
        proxyHeaderRefusals = Counters(vocabulary.proxyHeaderRefusals.count)
        unixPeerRefusals = Counters(vocabulary.unixPeerRefusals.count)
        handshakes = Counters(vocabulary.handshakes.count)
        upstreamHandshakes = Counters(vocabulary.handshakes.count)
        routes.resize(to: [.unrouted])
        unroutedSlot = routes.slot(at: 0)
    }

    /// Makes the routes of a new plan current, in the order of `PlannedRoute.index`. Call it on the loop when it takes
    /// the plan; routes that stay keep their counters.
    package func resize(to identities: [RouteIdentity]) { routes.resize(to: [.unrouted] + identities) }

    /// Makes the listeners of a new configuration current; the position of an id is its index.
    package func resize(listeners ids: [String]) { listeners.resize(to: ids) }

    /// Makes the APIs of a new plan current; the position of an id is its index.
    package func resize(apis ids: [String]) { shadow.resize(to: ids) }

    // MARK: Requests

    /// Counts a request as in progress.
    ///
    /// - Parameter route: the index in the current plan; nil when it was refused before it had a route.
    /// - Returns: the slot to finish it with.
    package func beginRequest(route: Int?) -> Int {
        let slot = route.map { routes.slot(at: $0 &+ 1) } ?? unroutedSlot
        routes.row(slot)[RouteWord.inFlight] &+= 1
        activeRequests &+= 1
        return slot
    }

    /// Counts the end of a request.
    ///
    /// - Parameters:
    ///   - slot: from `beginRequest`.
    ///   - status: sent downstream; 0 when there was none.
    ///   - nanoseconds: from the complete head to the last byte of the response.
    ///   - integrationNanoseconds: from the request sent upstream to the head of its response; nil when none came.
    package func finishRequest(
        slot: Int, status: Int, nanoseconds: Int, requestBytes: Int, responseBytes: Int, integrationNanoseconds: Int?
    ) {
        let row = routes.row(slot)
        row[RouteWord.inFlight] &-= 1
        activeRequests &-= 1
        row[RouteWord.classes &+ RouteWord.classIndex(of: status)] &+= 1
        row[RouteWord.durationSum] &+= nanoseconds
        row[RouteWord.requestBytes] &+= requestBytes
        row[RouteWord.responseBytes] &+= responseBytes
        row[RouteWord.durationBuckets &+ DurationBuckets.index(of: nanoseconds)] &+= 1
        if let integrationNanoseconds {
            row[RouteWord.integrationSum] &+= integrationNanoseconds
            row[RouteWord.integrationBuckets &+ DurationBuckets.index(of: integrationNanoseconds)] &+= 1
        }
    }

    /// Counts a refusal made by the gateway; `type` is its position in the vocabulary.
    package func countRefusal(_ type: Int, decision: PolicyOutcome) {
        refusals.add(type &* PolicyOutcome.allCases.count &+ decision.rawValue)
    }

    /// Counts a request that was no valid HTTP; `reason` is its position in the vocabulary.
    package func countParseRefusal(_ reason: Int) { parseRefusals.add(reason) }

    /// Counts a decision that statements in shadow mode would have changed.
    ///
    /// - Parameters:
    ///   - api: the index in the current plan.
    ///   - policy: the position of the policy's kind in the vocabulary.
    ///   - admits: whether they would have allowed what was refused; else they would have denied what was allowed.
    package func countShadowDivergence(api: Int, policy: Int, admits: Bool) {
        precondition(vocabulary.policies.indices.contains(policy), "a policy's kind outside the vocabulary")
        shadow.row(shadow.slot(at: api))[ShadowWord.word(policy: policy, admits: admits)] &+= 1
    }

    // MARK: Connections

    /// Counts a connection as accepted and open; the slot closes it.
    package func beginConnection(listener index: Int) -> Int {
        let slot = listeners.slot(at: index)
        let row = listeners.row(slot)
        row[ListenerWord.inFlight] &+= 1
        row[ListenerWord.accepted] &+= 1
        return slot
    }

    package func endConnection(slot: Int) { listeners.row(slot)[ListenerWord.inFlight] &-= 1 }

    /// Counts a connection that was closed at once because of a limit.
    package func countConnectionRefused(listener index: Int) {
        listeners.row(listeners.slot(at: index))[ListenerWord.refused] &+= 1
    }

    /// Counts a connection that is ended because its caller's certificate no longer admits it.
    package func countExpelled(listener index: Int) {
        listeners.row(listeners.slot(at: index))[ListenerWord.expelled] &+= 1
    }

    /// Counts a connection closed for its PROXY header; `reason` is its position in the vocabulary.
    package func countProxyHeaderRefusal(_ reason: Int) { proxyHeaderRefusals.add(reason) }

    /// Counts a Unix connection closed for want of facts; `reason` is its position in the vocabulary.
    package func countUnixPeerRefusal(_ reason: Int) { unixPeerRefusals.add(reason) }

    /// Counts the end of a caller's TLS handshake; `outcome` is its position in the vocabulary.
    package func countHandshake(_ outcome: Int) { handshakes.add(outcome) }

    /// Counts the end of a TLS handshake with an upstream; `outcome` is its position in the vocabulary.
    package func countUpstreamHandshake(_ outcome: Int) { upstreamHandshakes.add(outcome) }

    package func count(_ event: UpstreamEvent) { upstreamEvents.add(event.rawValue) }

    /// All routes together; much less than a snapshot, to be taken often.
    package func traffic() -> TrafficTotals {
        TrafficTotals(
            classes: routes.totals(RouteWord.classes..<RouteWord.classes + RouteWord.classCount),
            durations: routes.totals(
                RouteWord.durationBuckets..<RouteWord.durationBuckets + DurationBuckets.count))
    }

    /// A copy of everything, to be made on the loop and read anywhere.
    package func snapshot() -> MetricsSnapshot {
        MetricsSnapshot(
            vocabulary: vocabulary, routes: routes.table(), listeners: listeners.table(), shadow: shadow.table(),
            refusals: refusals.values,
            parseRefusals: parseRefusals.values, proxyHeaderRefusals: proxyHeaderRefusals.values,
            unixPeerRefusals: unixPeerRefusals.values, handshakes: handshakes.values,
            upstreamHandshakes: upstreamHandshakes.values, upstreamEvents: upstreamEvents.values,
            activeRequests: activeRequests, upstreamActive: upstreamActive, upstreamIdle: upstreamIdle)
    }
}

/// A fixed row of counters.
final class Counters {
    private let words: UnsafeMutableBufferPointer<Int>

    init(_ count: Int) {
        words = .allocate(capacity: count)
        words.initialize(repeating: 0)
    }

    deinit { words.deallocate() }

    var values: [Int] { Array(words) }

    func add(_ index: Int) {
        precondition(words.indices.contains(index), "counter outside the vocabulary")
        words[index] &+= 1
    }
}
