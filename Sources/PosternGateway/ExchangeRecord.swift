import NIOCore
import PosternHTTP
import PosternModel
import PosternPolicy
import PosternTelemetry

/// What will be told of the current exchange: gathered on its way, written once at its end, the same for an answer and a
/// refusal.
final class ExchangeRecord {
    /// When the request's head was complete, in nanoseconds since 1970.
    private(set) var startWall = 0
    /// When the answer began; the request's start until then.
    private(set) var answerWall = 0
    private var startMonotonic = 0
    private var sentMonotonic = 0
    private var integrationNanoseconds: Int?
    private var integrationStatus = 0
    private(set) var decision = PolicyOutcome.none
    private var refusedBy: PolicyKind?
    private var shadowDecision = PolicyOutcome.none
    private var shadowStatement: PinnedText?
    private var refusalName: StaticString?
    private var refusalReason: PinnedText?
    private var policyStatement: PinnedText?
    private var policyCondition: PinnedText?
    private var policyValue: PinnedText?

    /// Where the path goes on behind its stage.
    var pathOffset = 0
    /// The route's slot in the metrics; nil while the request has no route.
    var slot: Int?
    var status = 0
    var requestBytes = 0
    var responseBytes = 0
    /// The upstream asked last.
    var upstream: PinnedText?

    // The identifiers, one after another in one piece of memory that lives as long as this object.
    private let memory: UnsafeMutableRawPointer
    private static let extendedOffset = RequestIDGenerator.requestIDCount
    private static let traceOffset = extendedOffset + RequestIDGenerator.extendedIDCount
    private static let memoryCount = traceOffset + "Root=".utf8.count + RequestIDGenerator.traceRootCount

    init() {
        memory = .allocate(byteCount: Self.memoryCount, alignment: 8)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.memoryCount)
    }

    deinit { memory.deallocate() }

    var requestID: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory, count: RequestIDGenerator.requestIDCount)
    }

    var extendedID: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + Self.extendedOffset, count: RequestIDGenerator.extendedIDCount)
    }

    // MARK: On the way

    func begin(_ identifiers: inout RequestIDGenerator) {
        startWall = SystemTime.wallNanoseconds()
        startMonotonic = SystemTime.monotonicNanoseconds()
        answerWall = startWall
        identifiers.writeRequestID(to: memory)
        identifiers.writeExtendedID(to: memory + Self.extendedOffset)
    }

    /// A caller's own `x-amzn-RequestId` becomes the request's if it is a UUID (reference, section 10.1); any other is
    /// ignored, so that nothing a caller made up reaches logs under that name.
    func takeRequestID(from head: RequestHead) {
        guard let field = head.index.requestID else { return }
        let value = head.index.fields[field].value.range
        head.bytes.withUnsafeReadableBytes { bytes in
            let text = UnsafeRawBufferPointer(rebasing: bytes[value])
            if Self.isUUID(text) { memory.copyMemory(from: text.baseAddress!, byteCount: text.count) }
        }
    }

    private static func isUUID(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count == RequestIDGenerator.requestIDCount else { return false }
        for (index, byte) in text.enumerated() {
            let isHyphen = index == 8 || index == 13 || index == 18 || index == 23
            guard isHyphen ? byte == UInt8(ascii: "-") : ASCII.hexValue(byte) != nil else { return false }
        }
        return true
    }

    func withIdentifiers(_ body: (_ request: Span<UInt8>, _ extended: Span<UInt8>) -> Void) {
        body(requestID.bindMemory(to: UInt8.self).span, extendedID.bindMemory(to: UInt8.self).span)
    }

    /// Makes a new trace root and shows it as the value of `X-Amzn-Trace-Id`.
    func withTraceRoot(_ identifiers: inout RequestIDGenerator, _ body: (Span<UInt8>) -> Void) {
        let target = memory + Self.traceOffset
        let label: StaticString = "Root="
        target.copyMemory(from: label.utf8Start, byteCount: 5)
        identifiers.writeTraceRoot(epochSecond: startWall / 1_000_000_000, to: target + 5)
        let text = UnsafeRawBufferPointer(start: target, count: 5 + RequestIDGenerator.traceRootCount)
        body(text.bindMemory(to: UInt8.self).span)
    }

    func decided(_ decision: Decision) {
        self.decision =
            switch decision {
            case .allow: .allow
            case .explicitDeny: .explicitDeny
            case .implicitDeny: .implicitDeny
            }
    }

    func refused(_ response: GatewayResponse, _ refusal: Refusal) {
        refusalName = response.kind.name
        refusalReason = PinnedText(response.reason)
        switch refusal {
        case .noPolicy: (decision, refusedBy) = (.implicitDeny, .api)
        case .denied(_, let kind): refusedBy = kind
        default: break
        }
        answerWall = startWall + SystemTime.monotonicNanoseconds() - startMonotonic
    }

    /// What a policy with its shadow statements enforced would have said instead; the last one that differs is told.
    func shadowed(_ outcome: PolicyOutcome, by statement: PinnedText?) {
        shadowDecision = outcome
        shadowStatement = statement
    }

    func explained(_ summary: Explanation.Summary) {
        policyStatement = summary.statement.map(PinnedText.init)
        policyCondition = summary.condition.map(PinnedText.init)
        policyValue = summary.value.map(PinnedText.init)
    }

    func sent() { sentMonotonic = SystemTime.monotonicNanoseconds() }

    func received(status: Int) {
        self.status = status
        integrationStatus = status
        let now = SystemTime.monotonicNanoseconds()
        integrationNanoseconds = now - sentMonotonic
        answerWall = startWall + now - startMonotonic
    }

    /// The response failed behind its head.
    func failed(_ reason: String) { refusalReason = PinnedText(reason) }

    func reset() {
        decision = .none
        refusedBy = nil
        if shadowDecision != .none {
            shadowDecision = .none
            shadowStatement = nil
        }
        integrationNanoseconds = nil
        integrationStatus = 0
        if refusalName != nil || refusalReason != nil {
            refusalName = nil
            refusalReason = nil
            policyStatement = nil
            policyCondition = nil
            policyValue = nil
        }
        pathOffset = 0
        slot = nil
        status = 0
        requestBytes = 0
        responseBytes = 0
        upstream = nil
    }

    // MARK: At the end

    func count(in metrics: LoopMetrics) -> Int {
        let nanoseconds = SystemTime.monotonicNanoseconds() - startMonotonic
        metrics.finishRequest(
            slot: slot ?? metrics.beginRequest(route: nil), status: status, nanoseconds: nanoseconds,
            requestBytes: requestBytes, responseBytes: responseBytes, integrationNanoseconds: integrationNanoseconds)
        return nanoseconds
    }

    func fill(_ line: inout AccessRecord) {
        line.epochNanoseconds = startWall
        line.requestID = requestID
        line.extendedRequestID = extendedID
        line.status = status
        line.requestBytes = requestBytes
        line.responseBytes = responseBytes
        line.decision = decision
        line.integrationStatus = integrationStatus
        line.integrationNanoseconds = integrationNanoseconds ?? -1
        if let upstream { line.upstream = upstream.bytes }
        if let refusalName {
            line.refusal = UnsafeRawBufferPointer(start: refusalName.utf8Start, count: refusalName.utf8CodeUnitCount)
        }
        if let refusalReason { line.refusalReason = refusalReason.bytes }
        if let refusedBy {
            let name = refusedBy.name
            line.policyKind = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        }
        line.shadowDecision = shadowDecision
        if let shadowStatement { line.shadowStatement = shadowStatement.bytes }
        if let policyStatement { line.policyStatement = policyStatement.bytes }
        if let policyCondition { line.policyCondition = policyCondition.bytes }
        if let policyValue { line.policyValue = policyValue.bytes }
    }

    func fill(_ entry: inout RingEntry) {
        entry.slot.pointee.wallNanoseconds = startWall
        entry.slot.pointee.decision = decision
        entry.slot.pointee.refusedBy = refusedBy
        entry.slot.pointee.status = status
        entry.put(.requestID, requestID)
        entry.put(.extendedID, extendedID)
        if let refusalName {
            entry.put(
                .refusal, UnsafeRawBufferPointer(start: refusalName.utf8Start, count: refusalName.utf8CodeUnitCount))
        }
        if let refusalReason { entry.put(.reason, refusalReason.bytes) }
    }
}

extension Exchange {
    /// The one record of the exchange: metrics and access log, answered or refused alike.
    func write(abortedBy abort: AccessRecord.Abort) {
        let nanoseconds = record.count(in: loop.metrics)
        guard let log = loop.log else { return }
        var line = AccessRecord()
        record.fill(&line)
        line.latencyNanoseconds = nanoseconds
        line.connectionID = Int(truncatingIfNeeded: caller.info.id)
        line.endpointID = caller.endpoint.bytes
        line.vpcID = caller.vpc.bytes
        line.sourceIP = caller.sourceIP.bytes
        line.sourcePort = caller.sourcePort
        line.unixPeer = caller.unixPeer?.record
        line.security = caller.secured?.record
        line.retries = attempts
        line.abort = abort
        if let api { line.apiID = api.id.bytes }
        if let stage { line.stage = stage.bytes }
        if let route {
            line.resourcePath = route.resourcePath.bytes
        }
        guard let head else { return line.write(into: log) }
        head.bytes.withUnsafeReadableBytes { bytes in
            func part(_ range: HeadRange) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[range.range])
            }
            line.method = head.routedMethod(bytes)
            line.path = head.shownPath(bytes)
            line.hasQuery = head.index.hasQuery
            line.host = part(head.index.host)
            if let field = head.index.userAgent { line.userAgent = part(head.index.fields[field].value) }
            let version: StaticString = head.index.minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1"
            line.protocolName = UnsafeRawBufferPointer(start: version.utf8Start, count: version.utf8CodeUnitCount)
            line.write(into: log)
        }
    }
}

extension WireRefusal {
    /// Its number in the metrics' vocabulary.
    var vocabularyIndex: Int { Self.allCases.firstIndex(of: self)! }
}
