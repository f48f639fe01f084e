/// What the access log keeps of one exchange: plain values, and bytes borrowed for the duration of `write(into:)`.
///
/// The `UnsafeRawBufferPointer`s point into memory of the caller (the request's head, the connection's facts, the plan)
/// and must be valid until `write(into:)` returns; nothing keeps them longer. An empty one means absent. Absent values
/// are left out of the line.
///
/// Field names are those of API Gateway's `$context` variables, without the prefixes `identity.`, `integration.` and
/// `error.` where that stays clear. Text is at most 1,024 bytes and ends in `…` where it was longer; it is escaped so
/// that the line is one valid JSON object whatever a peer sent, and bytes that are not UTF-8 are shown as U+FFFD.
///
/// | Field | Type, unit | `$context` variable | Meaning |
/// | --- | --- | --- | --- |
/// | `time` | RFC 3339, UTC, ms | `requestTime` in another form | when the request's head was complete |
/// | `requestId` | text | `requestId` | also `x-amzn-RequestId`; a caller may choose it |
/// | `extendedRequestId` | text, 16 | `extendedRequestId` | also `x-amz-apigw-id`; always ours |
/// | `connectionId` | number | – | the downstream connection, unique in this process |
/// | `vpceId` | text | `identity.vpceId` | the source endpoint: listener, or PROXY endpoint id |
/// | `vpcId` | text | `identity.vpcId` | the endpoint's network |
/// | `sourceIp` | text | `identity.sourceIp` | the peer, after PROXY protocol |
/// | `sourcePort` | number | – | the peer's port |
/// | `unixUid`, `unixGid` | number | – | the user and group of a Unix socket's peer |
/// | `unixPid` | number | – | its process, which may be gone by now |
/// | `unixUser`, `unixGroup` | text | – | the names of user and group |
/// | `systemdUnit` | text | – | the unit that it was in when the connection was accepted |
/// | `tlsVersion`, `cipherSuite` | text | `tlsVersion`, `cipherSuite` | of the connection: `TLSv1.3`, `TLS_AES_128_GCM_SHA256` |
/// | `tlsResumed` | true | – | the handshake resumed an earlier one |
/// | `clientCertSubjectDN`, `clientCertIssuerDN` | text | `identity.clientCert.subjectDN`, `.issuerDN` | RFC 4514 |
/// | `clientCertSerialNumber` | text | `identity.clientCert.serialNumber` | `0a:1b:2c` |
/// | `spiffeId` | text | – | the caller's SPIFFE ID |
/// | `httpMethod` | text | `httpMethod` | |
/// | `path` | text | `path` | with the stage, as sent but for escapes in capitals (`%C3`); never with the query, which may hold secrets |
/// | `queryPresent` | true | – | there was a query |
/// | `protocol` | text | `protocol` | `HTTP/1.1` |
/// | `domainName` | text | `domainName` | `Host` as sent |
/// | `apiId` | text | `apiId` | absent when no API was found |
/// | `stage` | text | `stage` | |
/// | `resourcePath` | text | `resourcePath` | the route's template, `/order/{id}` |
/// | `status` | number | `status` | sent downstream; absent when nothing was |
/// | `requestLength` | bytes | – | request body |
/// | `responseLength` | bytes | `responseLength` | response body sent |
/// | `responseLatency` | ms, 3 decimals | `responseLatency` | head complete to last byte of the response |
/// | `decision` | text | `authorize.status` is near | `allow`, `explicitDeny`, `implicitDeny` |
/// | `policyKind` | text | – | of a refusal by a policy: `endpoint`, `domain` or `api` |
/// | `policyStatement` | text | – | of a refusal, the statement that decided: its Sid, or `#2`; of an implicit deny, the `Allow` that came closest |
/// | `policyCondition` | text | – | the condition of it that decided |
/// | `policyValue` | text | – | the value that condition saw |
/// | `shadowDecision` | text | – | what it would be with a policy's shadow statements enforced, where that differs |
/// | `shadowStatement` | text | – | the statement that would make the difference |
/// | `errorResponseType` | text | `error.responseType` | gateway response, `MISSING_AUTHENTICATION_TOKEN` |
/// | `errorReason` | text | – | for the operator: which rule refused the request |
/// | `integrationStatus` | number | `integration.status` | what the upstream answered |
/// | `integrationLatency` | ms, 3 decimals | `integration.latency` | request sent to response head |
/// | `upstream` | text | – | the address that was asked last |
/// | `retryCount` | number | – | attempts after the first |
/// | `abortedBy` | text | – | `client` or `upstream`, who went away before the end |
/// | `userAgent` | text | `identity.userAgent` | |
/// | `truncated` | true | – | the line was too long for all fields |
package struct AccessRecord {
    package enum Abort: Sendable { case none, client, upstream }

    /// Who connected a Unix socket, in the terms of policies.
    package struct UnixPeer {
        package var uid: Int
        package var gid: Int
        package var pid: Int
        package var user = AccessRecord.absent
        package var group = AccessRecord.absent
        package var unit = AccessRecord.absent

        package init(uid: Int, gid: Int, pid: Int) {
            self.uid = uid
            self.gid = gid
            self.pid = pid
        }
    }

    /// What the connection's TLS handshake established.
    package struct Security {
        package var version: UnsafeRawBufferPointer
        package var cipher: UnsafeRawBufferPointer
        package var isResumed: Bool
        /// Absent, with all below, where the caller presented no certificate.
        package var subject: UnsafeRawBufferPointer
        package var issuer: UnsafeRawBufferPointer
        package var serial: UnsafeRawBufferPointer
        package var spiffeID: UnsafeRawBufferPointer

        package init(
            version: UnsafeRawBufferPointer, cipher: UnsafeRawBufferPointer, isResumed: Bool,
            subject: UnsafeRawBufferPointer, issuer: UnsafeRawBufferPointer, serial: UnsafeRawBufferPointer,
            spiffeID: UnsafeRawBufferPointer
        ) {
            self.version = version
            self.cipher = cipher
            self.isResumed = isResumed
            self.subject = subject
            self.issuer = issuer
            self.serial = serial
            self.spiffeID = spiffeID
        }
    }

    /// Nanoseconds since 1970, `SystemTime.wallNanoseconds()`.
    package var epochNanoseconds = 0
    package var requestID = Self.absent
    package var extendedRequestID = Self.absent
    /// 0 is absent.
    package var connectionID = 0

    package var endpointID = Self.absent
    package var vpcID = Self.absent
    /// The address as text, made once per connection.
    package var sourceIP = Self.absent
    /// 0 is absent.
    package var sourcePort = 0

    package var unixPeer: UnixPeer?
    package var security: Security?

    package var method = Self.absent
    /// As sent, stage included; what follows `?` must not be in it.
    package var path = Self.absent
    package var hasQuery = false
    package var protocolName = Self.absent
    package var host = Self.absent
    package var userAgent = Self.absent

    package var apiID = Self.absent
    package var stage = Self.absent
    package var resourcePath = Self.absent

    /// 0 is absent.
    package var status = 0
    package var requestBytes = 0
    package var responseBytes = 0
    package var latencyNanoseconds = 0

    package var decision = PolicyOutcome.none
    package var policyKind = Self.absent
    package var policyStatement = Self.absent
    package var policyCondition = Self.absent
    package var policyValue = Self.absent
    package var shadowDecision = PolicyOutcome.none
    package var shadowStatement = Self.absent
    package var refusal = Self.absent
    package var refusalReason = Self.absent

    /// 0 is absent.
    package var integrationStatus = 0
    /// Below zero is absent.
    package var integrationNanoseconds = -1
    package var upstream = Self.absent
    /// 0 is absent.
    package var retries = 0
    package var abort = Abort.none

    package init() {}

    /// No bytes: the value of a field that is left out.
    @inline(__always)
    package static var absent: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}
