import Testing

@testable import PosternTelemetry

@Suite struct PrometheusTextTests {
    private let vocabulary = MetricsVocabulary(
        refusals: ["ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN"], parseRefusals: ["bare line feed"],
        proxyHeaderRefusals: ["missing"])

    private func snapshot() -> MetricsSnapshot {
        let metrics = LoopMetrics(vocabulary: vocabulary)
        metrics.resize(to: [
            RouteIdentity(api: "shop", stage: "prod", resourcePath: "/order/{id}", verb: "GET"),
            RouteIdentity(api: "shop", stage: "prod", resourcePath: "/never", verb: "ANY"),
        ])
        metrics.resize(listeners: ["vpce-a\"\\\n"])
        _ = metrics.beginConnection(listener: 0)
        for nanoseconds in [400_000, 900_000, 20_000_000_000] {
            let slot = metrics.beginRequest(route: 0)
            metrics.finishRequest(
                slot: slot, status: 200, nanoseconds: nanoseconds, requestBytes: 1, responseBytes: 2,
                integrationNanoseconds: nil)
        }
        let slot = metrics.beginRequest(route: nil)
        metrics.finishRequest(
            slot: slot, status: 403, nanoseconds: 1, requestBytes: 0, responseBytes: 42, integrationNanoseconds: nil)
        metrics.countRefusal(1, decision: .none)
        metrics.countRefusal(0, decision: .implicitDeny)
        metrics.count(.connectTimeout)
        return metrics.snapshot()
    }

    private func lines(_ bytes: [UInt8]) -> [Substring] {
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix("\n"))
        return text.split(separator: "\n")
    }

    @Test func aRouteIsShownByItsTemplate() {
        let all = Set(lines(PrometheusText.render(snapshot())))
        let labels = #"api="shop",stage="prod",http_route="/order/{id}",http_request_method="GET""#
        for expected in [
            "# TYPE http_server_request_duration_seconds histogram",
            #"http_server_request_duration_seconds_bucket{\#(labels),le="0.0005"} 1"#,
            #"http_server_request_duration_seconds_bucket{\#(labels),le="0.001"} 2"#,
            #"http_server_request_duration_seconds_bucket{\#(labels),le="10"} 2"#,
            #"http_server_request_duration_seconds_bucket{\#(labels),le="+Inf"} 3"#,
            "http_server_request_duration_seconds_sum{\(labels)} 20.001300000",
            "http_server_request_duration_seconds_count{\(labels)} 3",
            #"http_server_request_duration_seconds_bucket{le="0.0005"} 1"#,
            #"postern_requests_total{\#(labels),http_response_status_class="2xx"} 3"#,
            #"postern_requests_total{http_response_status_class="4xx"} 1"#,
            "postern_request_bytes_total{\(labels)} 3",
            "postern_response_bytes_total{\(labels)} 6",
            "http_server_active_requests 0",
            #"postern_refusals_total{response_type="MISSING_AUTHENTICATION_TOKEN",decision="none"} 1"#,
            #"postern_refusals_total{response_type="ACCESS_DENIED",decision="implicitDeny"} 1"#,
            #"postern_parse_refusals_total{reason="bare line feed"} 0"#,
            #"postern_connections_active{endpoint="vpce-a\"\\\n"} 1"#,
            #"postern_upstream_timeouts_total{phase="connect"} 1"#,
        ] {
            #expect(all.contains(Substring(expected)), "\(expected)")
        }
        #expect(!all.contains { $0.contains("/never") })
    }

    @Test func everyLineObeysTheFormat() throws {
        var log = LogStatistics()
        log.droppedRecords = 4
        let bytes = PrometheusText.render(
            snapshot(), log: log, process: ProcessMetrics.read(),
            samples: [
                MetricSample(MetricNames.buildInfo, 1, labels: [("version", "1.0")]),
                MetricSample(MetricNames.reloads, 3, labels: [("result", "accepted")]),
                MetricSample(MetricNames.reloads, 0, labels: [("result", "refused")]),
            ],
            labels: [("instance", "edge")])
        let sample = #/([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-z_]+="(?:[^"\\]|\\[\\"n])*",?)+)\} ([-+0-9.eE]+|NaN|[+-]Inf)/#
        var kinds: [String: String] = [:]
        var helped: Set<String> = []
        var current = ""
        var seen: Set<String> = []
        for line in lines(bytes) {
            if let match = line.wholeMatch(of: #/# HELP ([a-z_]+) (.+)/#) {
                current = String(match.1)
                #expect(helped.insert(current).inserted, "\(current) stands twice")
            } else if let match = line.wholeMatch(of: #/# TYPE ([a-z_]+) (counter|gauge|histogram)/#) {
                #expect(current == match.1)
                kinds[current] = String(match.2)
            } else {
                let match = try #require(try sample.wholeMatch(in: String(line)), "\(line)")
                let name = String(match.1)
                let allowed = kinds[current] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                #expect(allowed.contains { current + $0 == name }, "\(line)")
                #expect(match.2.contains("instance=\"edge\""))
                #expect(seen.insert("\(name){\(match.2)}").inserted, "\(line) stands twice")
                #expect(Double(match.3) != nil)
            }
        }
        #expect(helped == Set(kinds.keys))
        #expect(helped.isSubset(of: MetricNames.all.map(\.name)))
        #expect(seen.contains { $0.hasPrefix("process_open_fds") })
        #expect(seen.contains { $0.hasPrefix("postern_log_dropped_records_total") })
    }

    @Test func namesFollowTheRules() {
        #expect(Set(MetricNames.all.map(\.name)).count == MetricNames.all.count)
        for metric in MetricNames.all {
            #expect(metric.name.wholeMatch(of: #/(http_|postern_|process_)[a-z_]+/#) != nil, "\(metric.name)")
            #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
            #expect(metric.help.hasSuffix("."), "\(metric.name)")
        }
    }

    @Test func numbersNeedNoExponent() {
        #expect(Exposition.number(1_775_738_096) == "1775738096")
        #expect(Exposition.number(0.25) == "0.25")
        #expect(Exposition.seconds(1) == "0.000000001")
        #expect(Exposition.seconds(12_345_678_901) == "12.345678901")
    }
}
