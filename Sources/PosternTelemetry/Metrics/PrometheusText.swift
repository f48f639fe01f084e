/// Renders a scrape. Costs milliseconds and strings: for the control plane, never for an event loop that serves
/// requests.
package enum PrometheusText {
    /// The `Content-Type` of what `render` gives.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The whole answer of `/metrics`.
    ///
    /// A route that has had no request has no series, so that a scrape grows with the routes in use and not with those
    /// declared. Labels are templates and configured names, never what a caller sent.
    ///
    /// - Parameters:
    ///   - log: what became of the access log's records; nil when there is no log.
    ///   - samples: what the control plane keeps itself (`MetricNames.planGeneration` …), those of one metric
    ///     together.
    ///   - labels: for every sample.
    package static func render(
        _ snapshot: MetricsSnapshot, log: LogStatistics? = nil, process: ProcessMetrics? = nil,
        samples: [MetricSample] = [], labels: [(name: String, value: String)] = []
    ) -> [UInt8] {
        var out = Exposition(common: labels)
        renderRoutes(snapshot, &out)
        renderRefusals(snapshot, &out)
        renderShadow(snapshot, &out)
        renderConnections(snapshot, &out)
        renderUpstreams(snapshot, &out)
        if let log { renderLog(log, &out) }
        renderSamples(samples, &out)
        if let process { renderSamples(process.samples, &out) }
        return out.bytes
    }

    private static func renderRoutes(_ snapshot: MetricsSnapshot, _ out: inout Exposition) {
        let table = snapshot.routes
        let classes = RouteWord.classes..<RouteWord.classes + RouteWord.classCount
        let used = table.identities.indices.filter { table.sum($0, classes) > 0 }
        let labels = used.map { routeLabels(table.identities[$0]) }

        func histograms(_ metric: Metric, buckets first: Int, sum: Int) {
            out.begin(metric)
            for (row, labels) in zip(used, labels) {
                let buckets = (first..<first + DurationBuckets.count).map { table[row, $0] }
                // A route with a MOCK integration has no series for upstreams.
                if buckets.contains(where: { $0 > 0 }) {
                    out.histogram(metric.name, labels, buckets: buckets, sumNanoseconds: table[row, sum])
                }
            }
        }
        func counters(_ metric: Metric, _ word: Int) {
            out.begin(metric)
            for (row, labels) in zip(used, labels) { out.sample(metric.name, labels, table[row, word]) }
        }

        histograms(MetricNames.serverRequestDuration, buckets: RouteWord.durationBuckets, sum: RouteWord.durationSum)
        histograms(
            MetricNames.clientRequestDuration, buckets: RouteWord.integrationBuckets, sum: RouteWord.integrationSum)
        out.begin(MetricNames.requests)
        for (row, labels) in zip(used, labels) {
            for (word, name) in zip(classes, RouteWord.classLabels) {
                let label = "http_response_status_class=\"\(name)\""
                out.sample(
                    MetricNames.requests.name, labels.isEmpty ? label : "\(labels),\(label)", table[row, word])
            }
        }
        counters(MetricNames.requestBytes, RouteWord.requestBytes)
        counters(MetricNames.responseBytes, RouteWord.responseBytes)
        out.begin(MetricNames.activeRequests)
        out.sample(MetricNames.activeRequests.name, "", snapshot.activeRequests)
    }

    private static func routeLabels(_ route: RouteIdentity) -> String {
        Exposition.labels([
            ("api", route.api), ("stage", route.stage), ("http_route", route.resourcePath),
            ("http_request_method", route.verb),
        ])
    }

    private static func renderRefusals(_ snapshot: MetricsSnapshot, _ out: inout Exposition) {
        out.begin(MetricNames.refusals)
        for (type, name) in snapshot.vocabulary.refusals.enumerated() {
            for outcome in PolicyOutcome.allCases {
                let count = snapshot.refusals(type, decision: outcome)
                guard count > 0 else { continue }
                let labels = Exposition.labels([("response_type", name), ("decision", "\(outcome.text)")])
                out.sample(MetricNames.refusals.name, labels, count)
            }
        }
        func reasons(_ metric: Metric, label: String = "reason", _ names: [String], _ counts: [Int]) {
            out.begin(metric)
            for (name, count) in zip(names, counts) {
                out.sample(metric.name, Exposition.labels([(label, name)]), count)
            }
        }
        reasons(MetricNames.parseRefusals, snapshot.vocabulary.parseRefusals, snapshot.parseRefusals)
        reasons(MetricNames.proxyHeaderRefusals, snapshot.vocabulary.proxyHeaderRefusals, snapshot.proxyHeaderRefusals)
        reasons(MetricNames.unixPeerRefusals, snapshot.vocabulary.unixPeerRefusals, snapshot.unixPeerRefusals)
        let handshakes = snapshot.vocabulary.handshakes
        reasons(MetricNames.tlsHandshakes, label: "result", handshakes, snapshot.handshakes)
        reasons(MetricNames.upstreamHandshakes, label: "result", handshakes, snapshot.upstreamHandshakes)
    }

    /// Only what has happened has a series.
    private static func renderShadow(_ snapshot: MetricsSnapshot, _ out: inout Exposition) {
        out.begin(MetricNames.shadowDivergences)
        for (row, api) in snapshot.shadow.identities.enumerated() {
            for (policy, kind) in snapshot.vocabulary.policies.enumerated() {
                for admits in [false, true] {
                    let count = snapshot.shadow[row, ShadowWord.word(policy: policy, admits: admits)]
                    guard count > 0 else { continue }
                    let (decision, instead) =
                        admits ? (PolicyOutcome.implicitDeny, PolicyOutcome.allow) : (.allow, .explicitDeny)
                    let labels = Exposition.labels([
                        ("api", api), ("policy", kind), ("decision", "\(decision.text)"),
                        ("shadow_decision", "\(instead.text)"),
                    ])
                    out.sample(MetricNames.shadowDivergences.name, labels, count)
                }
            }
        }
    }

    private static func renderConnections(_ snapshot: MetricsSnapshot, _ out: inout Exposition) {
        for (metric, word) in [
            (MetricNames.connectionsAccepted, ListenerWord.accepted),
            (MetricNames.connectionsActive, ListenerWord.inFlight),
            (MetricNames.connectionsRefused, ListenerWord.refused),
            (MetricNames.connectionsExpelled, ListenerWord.expelled),
        ] {
            out.begin(metric)
            for (row, id) in snapshot.listeners.identities.enumerated() {
                out.sample(metric.name, Exposition.labels([("endpoint", id)]), snapshot.listeners[row, word])
            }
        }
    }

    private static func renderUpstreams(_ snapshot: MetricsSnapshot, _ out: inout Exposition) {
        for (metric, event) in [
            (MetricNames.upstreamConnects, UpstreamEvent.connect),
            (MetricNames.upstreamConnectFailures, .connectFailure), (MetricNames.upstreamReuses, .reuse),
            (MetricNames.upstreamRetries, .retry),
        ] {
            out.begin(metric)
            out.sample(metric.name, "", snapshot.count(event))
        }
        let timeouts = MetricNames.upstreamTimeouts
        out.begin(timeouts)
        out.sample(timeouts.name, "phase=\"connect\"", snapshot.count(.connectTimeout))
        out.sample(timeouts.name, "phase=\"response\"", snapshot.count(.responseTimeout))
        let open = MetricNames.clientOpenConnections
        out.begin(open)
        out.sample(open.name, "http_connection_state=\"active\"", snapshot.upstreamActive)
        out.sample(open.name, "http_connection_state=\"idle\"", snapshot.upstreamIdle)
    }

    private static func renderLog(_ log: LogStatistics, _ out: inout Exposition) {
        for (metric, value) in [
            (MetricNames.logWrittenBytes, log.writtenBytes), (MetricNames.logDroppedRecords, log.droppedRecords),
            (MetricNames.logErrors, log.errors),
        ] {
            out.begin(metric)
            out.sample(metric.name, "", value)
        }
    }

    private static func renderSamples(_ samples: [MetricSample], _ out: inout Exposition) {
        var current: Metric?
        for sample in samples {
            if sample.metric != current { out.begin(sample.metric) }
            current = sample.metric
            out.sample(sample.metric.name, Exposition.labels(sample.labels), Exposition.number(sample.value))
        }
    }
}
