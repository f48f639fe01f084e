extension AccessRecord {
    /// Appends the record as one line. Takes no lock and allocates nothing.
    package func write(into buffer: LogBuffer) {
        buffer.append { line, timestamp in
            line.field("time", epochNanoseconds: epochNanoseconds, &timestamp)
            writeOrigin(&line)
            writeRequest(&line)
            writeAnswer(&line)
            writeRefusal(&line)
            writeIntegration(&line)
            // Last: the longest text that a caller chooses freely.
            text("userAgent", userAgent, &line)
        }
    }

    @inline(__always)
    private func writeOrigin(_ line: inout JSONLine) {
        text("requestId", requestID, &line)
        text("extendedRequestId", extendedRequestID, &line)
        if connectionID != 0 { line.field("connectionId", connectionID) }
        text("vpceId", endpointID, &line)
        text("vpcId", vpcID, &line)
        text("sourceIp", sourceIP, &line)
        if sourcePort != 0 { line.field("sourcePort", sourcePort) }
        if let unixPeer { write(unixPeer, &line) }
        if let security { write(security, &line) }
    }

    private func write(_ security: Security, _ line: inout JSONLine) {
        text("tlsVersion", security.version, &line)
        text("cipherSuite", security.cipher, &line)
        if security.isResumed { line.field("tlsResumed", true) }
        text("clientCertSubjectDN", security.subject, &line)
        text("clientCertIssuerDN", security.issuer, &line)
        text("clientCertSerialNumber", security.serial, &line)
        text("spiffeId", security.spiffeID, &line)
    }

    private func write(_ peer: UnixPeer, _ line: inout JSONLine) {
        line.field("unixUid", peer.uid)
        line.field("unixGid", peer.gid)
        line.field("unixPid", peer.pid)
        text("unixUser", peer.user, &line)
        text("unixGroup", peer.group, &line)
        text("systemdUnit", peer.unit, &line)
    }

    @inline(__always)
    private func writeRequest(_ line: inout JSONLine) {
        text("httpMethod", method, &line)
        text("path", path, &line)
        if hasQuery { line.field("queryPresent", true) }
        text("protocol", protocolName, &line)
        text("domainName", host, &line)
        text("apiId", apiID, &line)
        text("stage", stage, &line)
        text("resourcePath", resourcePath, &line)
    }

    @inline(__always)
    private func writeAnswer(_ line: inout JSONLine) {
        if status != 0 { line.field("status", status) }
        line.field("requestLength", requestBytes)
        line.field("responseLength", responseBytes)
        line.field("responseLatency", milliseconds: latencyNanoseconds)
    }

    @inline(__always)
    private func writeRefusal(_ line: inout JSONLine) {
        if decision != .none { line.field("decision", decision.text) }
        text("policyKind", policyKind, &line)
        text("policyStatement", policyStatement, &line)
        text("policyCondition", policyCondition, &line)
        text("policyValue", policyValue, &line)
        if shadowDecision != .none { line.field("shadowDecision", shadowDecision.text) }
        text("shadowStatement", shadowStatement, &line)
        text("errorResponseType", refusal, &line)
        text("errorReason", refusalReason, &line)
    }

    @inline(__always)
    private func writeIntegration(_ line: inout JSONLine) {
        if integrationStatus != 0 { line.field("integrationStatus", integrationStatus) }
        if integrationNanoseconds >= 0 { line.field("integrationLatency", milliseconds: integrationNanoseconds) }
        text("upstream", upstream, &line)
        if retries != 0 { line.field("retryCount", retries) }
        switch abort {
        case .none: break
        case .client: line.field("abortedBy", "client")
        case .upstream: line.field("abortedBy", "upstream")
        }
    }

    @inline(__always)
    private func text(_ name: StaticString, _ bytes: UnsafeRawBufferPointer, _ line: inout JSONLine) {
        if !bytes.isEmpty { line.field(name, bytes: bytes) }
    }
}
