/// A metric as Prometheus sees it: name, kind, and one sentence of help.
package struct Metric: Sendable, Hashable {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    package let name: String
    package let kind: Kind
    package let help: String
}

/// Every metric that Postern exposes, and no other place names one.
///
/// Where OpenTelemetry's semantic conventions for HTTP have a metric it has their name the Prometheus way (dots become
/// underscores, the unit is a suffix); the rest begins with `postern_`, and `process_` as Prometheus clients have it.
package enum MetricNames {
    // One request. Labels: api, stage, http_route (the template), http_request_method (the route's verb, or ANY).
    package static let serverRequestDuration = Metric(
        name: "http_server_request_duration_seconds", kind: .histogram,
        help: "Time from the complete request head to the last byte of the response.")
    package static let clientRequestDuration = Metric(
        name: "http_client_request_duration_seconds", kind: .histogram,
        help: "Time from the request sent to an integration to the head of its response.")
    package static let requests = Metric(
        name: "postern_requests_total", kind: .counter,
        help: "Requests ended, by class of the status sent; none where the exchange ended without a response.")
    package static let requestBytes = Metric(
        name: "postern_request_bytes_total", kind: .counter, help: "Bytes of request bodies received.")
    package static let responseBytes = Metric(
        name: "postern_response_bytes_total", kind: .counter, help: "Bytes of response bodies sent.")
    package static let activeRequests = Metric(
        name: "http_server_active_requests", kind: .gauge, help: "Requests in progress.")

    // Refusals.
    package static let refusals = Metric(
        name: "postern_refusals_total", kind: .counter,
        help: "Requests refused by the gateway, by gateway response type and policy decision.")
    package static let parseRefusals = Metric(
        name: "postern_parse_refusals_total", kind: .counter,
        help: "Requests that were not valid HTTP or over a limit, by reason.")
    package static let proxyHeaderRefusals = Metric(
        name: "postern_proxy_header_refusals_total", kind: .counter,
        help: "Connections closed because of their PROXY header, by reason.")
    package static let unixPeerRefusals = Metric(
        name: "postern_unix_peer_refusals_total", kind: .counter,
        help: "Connections on Unix sockets closed because their peer could not be told, by reason.")

    package static let shadowDivergences = Metric(
        name: "postern_policy_shadow_divergences_total", kind: .counter,
        help: "Decisions of a policy that its statements in shadow mode would have changed, by API and kind of policy.")

    // Connections. Label: endpoint, the listener's id.
    package static let connectionsAccepted = Metric(
        name: "postern_connections_accepted_total", kind: .counter, help: "Connections accepted.")
    package static let connectionsActive = Metric(
        name: "postern_connections_active", kind: .gauge, help: "Connections open.")
    package static let connectionsRefused = Metric(
        name: "postern_connections_refused_total", kind: .counter, help: "Connections closed at a limit.")

    package static let connectionsExpelled = Metric(
        name: "postern_connections_expelled_total", kind: .counter,
        help: "Connections ended because their caller's certificate had expired or was no longer admitted.")
    package static let tlsHandshakes = Metric(
        name: "postern_tls_handshakes_total", kind: .counter,
        help: "TLS handshakes of callers, by result: full, resumed, or why they failed.")

    // Upstream.
    package static let upstreamConnects = Metric(
        name: "postern_upstream_connects_total", kind: .counter, help: "Connections opened to upstreams.")
    package static let upstreamConnectFailures = Metric(
        name: "postern_upstream_connect_failures_total", kind: .counter,
        help: "Connections to upstreams that could not be opened.")
    package static let upstreamReuses = Metric(
        name: "postern_upstream_reuses_total", kind: .counter, help: "Requests sent on a kept connection.")
    package static let upstreamRetries = Metric(
        name: "postern_upstream_retries_total", kind: .counter, help: "Requests sent again after a failure.")
    package static let upstreamTimeouts = Metric(
        name: "postern_upstream_timeouts_total", kind: .counter,
        help: "Integrations that took too long, by phase: connect, response.")
    package static let upstreamHandshakes = Metric(
        name: "postern_upstream_tls_handshakes_total", kind: .counter,
        help: "TLS handshakes with upstreams, by result: full, resumed, or why they failed.")
    package static let clientOpenConnections = Metric(
        name: "http_client_open_connections", kind: .gauge,
        help: "Connections to upstreams, by state: active, idle.")

    // TLS. Labels of material: role (listener, upstream), name (the endpoint, or whom the upstream must be), source (as configured).
    package static let tlsCertificateExpiry = Metric(
        name: "postern_tls_certificate_expiry_timestamp_seconds", kind: .gauge,
        help: "End of validity of a certificate that is served or presented, in seconds since 1970.")
    package static let tlsTrustExpiry = Metric(
        name: "postern_tls_trust_expiry_timestamp_seconds", kind: .gauge,
        help: "End of validity of a trusted issuer's certificate, in seconds since 1970.")
    package static let tlsRevocationListNextUpdate = Metric(
        name: "postern_tls_crl_next_update_timestamp_seconds", kind: .gauge,
        help: "When a certificate revocation list becomes stale, in seconds since 1970.")
    package static let tlsStapleExpiry = Metric(
        name: "postern_tls_staple_expiry_timestamp_seconds", kind: .gauge,
        help: "End of validity of the OCSP response stapled to a certificate, in seconds since 1970; 0 without one.")
    package static let tlsMaterialGeneration = Metric(
        name: "postern_tls_material_generation", kind: .gauge,
        help: "Generation of the certificates, keys, trust and revocation lists being served.")
    package static let tlsMaterialReloads = Metric(
        name: "postern_tls_material_reloads_total", kind: .counter,
        help: "Changes of files of TLS material, by result.")
    package static let tlsMaterialStale = Metric(
        name: "postern_tls_material_stale", kind: .gauge,
        help: "Whether the files hold TLS material that cannot be served, so that older one is: 1 or 0.")
    package static let ocspStatuses = Metric(
        name: "postern_ocsp_statuses_total", kind: .counter,
        help: "What was learned of callers' certificates, by status: remembered, good, revoked, unknown, unavailable.")

    // The access log.
    package static let logWrittenBytes = Metric(
        name: "postern_log_written_bytes_total", kind: .counter, help: "Bytes of access log written.")
    package static let logDroppedRecords = Metric(
        name: "postern_log_dropped_records_total", kind: .counter,
        help: "Access records lost because the log could not keep up or could not be written.")
    package static let logErrors = Metric(
        name: "postern_log_errors_total", kind: .counter, help: "Failed writes and reopenings of the access log.")

    package static let systemLogDroppedRecords = Metric(
        name: "postern_system_log_dropped_records_total", kind: .counter,
        help: "Messages for the operator lost because their log could not keep up or could not be written.")

    // Overload.
    package static let overloadLevel = Metric(
        name: "postern_overload_level", kind: .gauge,
        help: "What is shed for want of memory: 0 nothing, 1 idle time, 2 keep-alive, 3 new requests.")
    package static let overloadRefusals = Metric(
        name: "postern_overload_refusals_total", kind: .counter,
        help: "Requests refused because memory had run out.")
    package static let memoryUsage = Metric(
        name: "postern_memory_usage_bytes", kind: .gauge,
        help: "Memory in use as the overload level counts it; absent without a limit.")
    package static let memoryLimit = Metric(
        name: "postern_memory_limit_bytes", kind: .gauge,
        help: "The limit of memory that the overload level goes by; absent without one.")
    package static let acceptErrors = Metric(
        name: "postern_accept_errors_total", kind: .counter,
        help: "Connections that could not be taken in for want of descriptors or memory, by reason.")

    // The process. What the control plane knows is passed to `PrometheusText.render` as samples.
    package static let buildInfo = Metric(
        name: "postern_build_info", kind: .gauge, help: "Always 1; the label is the version.")
    package static let planGeneration = Metric(
        name: "postern_plan_generation", kind: .gauge, help: "Generation of the plan being served.")
    package static let planPublished = Metric(
        name: "postern_plan_published_timestamp_seconds", kind: .gauge,
        help: "When the plan being served was published, in seconds since 1970.")
    package static let reloads = Metric(
        name: "postern_reloads_total", kind: .counter, help: "Reloads of the configuration, by result.")
    package static let ready = Metric(
        name: "postern_ready", kind: .gauge, help: "Whether new connections are served: 1 or 0.")
    package static let eventLoops = Metric(
        name: "postern_event_loops", kind: .gauge, help: "Event loops that serve requests.")
    package static let processCPU = Metric(
        name: "process_cpu_seconds_total", kind: .counter, help: "User and system CPU time.")
    package static let processResidentMemory = Metric(
        name: "process_resident_memory_bytes", kind: .gauge, help: "Resident memory.")
    package static let processVirtualMemory = Metric(
        name: "process_virtual_memory_bytes", kind: .gauge, help: "Virtual memory.")
    package static let processOpenDescriptors = Metric(
        name: "process_open_fds", kind: .gauge, help: "Open file descriptors.")
    package static let processMostDescriptors = Metric(
        name: "process_max_fds", kind: .gauge, help: "Limit of open file descriptors.")
    package static let processStartTime = Metric(
        name: "process_start_time_seconds", kind: .gauge, help: "Start of the process, in seconds since 1970.")

    package static let all = [
        serverRequestDuration, clientRequestDuration, requests, requestBytes, responseBytes, activeRequests,
        refusals, parseRefusals, proxyHeaderRefusals, unixPeerRefusals, shadowDivergences, connectionsExpelled,
        tlsHandshakes,
        connectionsAccepted, connectionsActive, connectionsRefused,
        upstreamConnects, upstreamConnectFailures, upstreamReuses, upstreamRetries, upstreamTimeouts,
        upstreamHandshakes, clientOpenConnections,
        tlsCertificateExpiry, tlsTrustExpiry, tlsRevocationListNextUpdate, tlsStapleExpiry, tlsMaterialGeneration,
        tlsMaterialReloads, tlsMaterialStale, ocspStatuses,
        logWrittenBytes, logDroppedRecords, logErrors, systemLogDroppedRecords,
        overloadLevel, overloadRefusals, memoryUsage, memoryLimit, acceptErrors,
        buildInfo, planGeneration, planPublished, reloads, ready, eventLoops,
        processCPU, processResidentMemory, processVirtualMemory, processOpenDescriptors, processMostDescriptors,
        processStartTime,
    ]
}
