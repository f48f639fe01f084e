extension AccessRecord {
    /// Appends the record in the form of the buffer's log. Takes no lock and allocates nothing.
    package func write(into buffer: LogBuffer) {
        switch buffer.form {
        case .lines: buffer.append { line, timestamp in writeMembers(&line, &timestamp) }
        case .journal:
            buffer.appendEntry { entry, timestamp in
                entry.begin(priority: priority)
                entry.message(writeMessage)
                writeMembers(&entry, &timestamp)
            }
        }
    }

    @inline(__always)
    private func writeMembers(_ line: inout some RecordLine, _ timestamp: inout Timestamp) {
        line.moment("time", "TIME", epochNanoseconds: epochNanoseconds, &timestamp)
        writeOrigin(&line)
        writeRequest(&line)
        writeAnswer(&line)
        writeRefusal(&line)
        writeIntegration(&line)
        // Last: the longest text that a caller chooses freely.
        text("userAgent", "USER_AGENT", userAgent, &line)
    }

    /// Of the journal's entry: warning (4) for what went wrong here or behind, notice (5) for what was refused, else
    /// informational (6).
    private var priority: Int {
        if status >= 500 || abort == .upstream { return 4 }
        return refusal.isEmpty ? 6 : 5
    }

    /// `GET /prod/order 403 deny implicit_deny`; a connection that never came to a request has its refusal.
    private func writeMessage(_ message: inout JournalEntry.Message) {
        message.piece(method)
        message.piece(path)
        if status != 0 { message.piece(status) }
        if decision != .none { message.piece(decision.shortText) }
        if method.isEmpty { message.piece(refusal) }
        message.piece(refusalReason)
        switch abort {
        case .none: break
        case .client: message.piece("aborted by the client")
        case .upstream: message.piece("aborted by the upstream")
        }
    }

    @inline(__always)
    private func writeOrigin(_ line: inout some RecordLine) {
        text("requestId", "REQUEST_ID", requestID, &line)
        text("extendedRequestId", "EXTENDED_REQUEST_ID", extendedRequestID, &line)
        if connectionID != 0 { line.number("connectionId", "CONNECTION_ID", connectionID) }
        text("vpceId", "ENDPOINT", endpointID, &line)
        text("vpcId", "VPC", vpcID, &line)
        text("sourceIp", "SOURCE_IP", sourceIP, &line)
        if sourcePort != 0 { line.number("sourcePort", "SOURCE_PORT", sourcePort) }
        if let unixPeer { write(unixPeer, &line) }
        if let security { write(security, &line) }
    }

    private func write(_ security: Security, _ line: inout some RecordLine) {
        text("tlsVersion", "TLS_VERSION", security.version, &line)
        text("cipherSuite", "TLS_CIPHER", security.cipher, &line)
        if security.isResumed { line.mark("tlsResumed", "TLS_RESUMED") }
        text("clientCertSubjectDN", "CLIENT_SUBJECT", security.subject, &line)
        text("clientCertIssuerDN", "CLIENT_ISSUER", security.issuer, &line)
        text("clientCertSerialNumber", "CLIENT_SERIAL", security.serial, &line)
        text("spiffeId", "SPIFFE_ID", security.spiffeID, &line)
    }

    private func write(_ peer: UnixPeer, _ line: inout some RecordLine) {
        line.number("unixUid", "UNIX_UID", peer.uid)
        line.number("unixGid", "UNIX_GID", peer.gid)
        line.number("unixPid", "UNIX_PID", peer.pid)
        text("unixUser", "UNIX_USER", peer.user, &line)
        text("unixGroup", "UNIX_GROUP", peer.group, &line)
        text("systemdUnit", "SYSTEMD_UNIT", peer.unit, &line)
    }

    @inline(__always)
    private func writeRequest(_ line: inout some RecordLine) {
        text("httpMethod", "METHOD", method, &line)
        text("path", "PATH", path, &line)
        if hasQuery { line.mark("queryPresent", "QUERY_PRESENT") }
        text("protocol", "PROTOCOL", protocolName, &line)
        text("domainName", "HOST", host, &line)
        text("apiId", "API", apiID, &line)
        text("stage", "STAGE", stage, &line)
        text("resourcePath", "ROUTE", resourcePath, &line)
    }

    @inline(__always)
    private func writeAnswer(_ line: inout some RecordLine) {
        if status != 0 { line.number("status", "STATUS", status) }
        line.number("requestLength", "REQUEST_BYTES", requestBytes)
        line.number("responseLength", "RESPONSE_BYTES", responseBytes)
        line.duration("responseLatency", "DURATION_US", nanoseconds: latencyNanoseconds)
    }

    @inline(__always)
    private func writeRefusal(_ line: inout some RecordLine) {
        line.outcome("decision", "DECISION", kind: "DECISION_KIND", decision)
        text("policyKind", "POLICY_KIND", policyKind, &line)
        text("policyStatement", "POLICY_STATEMENT", policyStatement, &line)
        text("policyCondition", "POLICY_CONDITION", policyCondition, &line)
        text("policyValue", "POLICY_VALUE", policyValue, &line)
        if shadowDecision != .none {
            line.outcome("shadowDecision", "SHADOW_DECISION", kind: "SHADOW_DECISION_KIND", shadowDecision)
        }
        text("shadowStatement", "SHADOW_STATEMENT", shadowStatement, &line)
        text("errorResponseType", "REFUSAL", refusal, &line)
        text("errorReason", "REASON", refusalReason, &line)
    }

    @inline(__always)
    private func writeIntegration(_ line: inout some RecordLine) {
        if integrationStatus != 0 { line.number("integrationStatus", "UPSTREAM_STATUS", integrationStatus) }
        if integrationNanoseconds >= 0 {
            line.duration("integrationLatency", "UPSTREAM_DURATION_US", nanoseconds: integrationNanoseconds)
        }
        text("upstream", "UPSTREAM", upstream, &line)
        if retries != 0 { line.number("retryCount", "RETRIES", retries) }
        switch abort {
        case .none: break
        case .client: line.word("abortedBy", "ABORTED_BY", "client")
        case .upstream: line.word("abortedBy", "ABORTED_BY", "upstream")
        }
    }

    @inline(__always)
    private func text(
        _ json: StaticString, _ journal: StaticString, _ bytes: UnsafeRawBufferPointer, _ line: inout some RecordLine
    ) {
        if !bytes.isEmpty { line.text(json, journal, bytes) }
    }
}
