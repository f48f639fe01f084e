import PosternModel
import PosternPolicy

/// Reads `postern.yaml`.
struct ProcessDecoder {
    /// What the file says, with the places that later checks and messages need.
    struct Result {
        var configuration = ProcessConfiguration()
        /// As written; nil when not.
        var apisDirectory: Positioned<String>?
        var listenerPositions: [String: SourcePosition] = [:]
        var defaultAPIs: [Positioned<String>] = []
        /// The listeners' policies.
        var endpoints: [EndpointDeclaration] = []
        var domains: [DomainDeclaration] = []
    }

    static func decode(_ document: DocumentNode, _ report: ProblemReport) -> Result {
        var result = Result()
        guard let file = MappingReader(document, "the configuration", report) else { return result }
        let standard = ProcessConfiguration()

        result.configuration.account = account(file) ?? standard.account
        result.configuration.region = region(file) ?? standard.region
        result.apisDirectory = file.text("apis")
        result.configuration.loops = file.integer("loops", in: 1...1024)
        result.configuration.internalRanges = internalRanges(file) ?? standard.internalRanges
        result.configuration.limits = limits(file.mapping("limits", "`limits`"))
        result.configuration.timeouts = timeouts(file.mapping("timeouts", "`timeouts`"))
        result.configuration.admin = admin(file.mapping("admin", "`admin`"))
        result.configuration.accessLog = accessLog(file.mapping("accessLog", "`accessLog`"))
        result.configuration.explainedRequests =
            explainedRequests(file.mapping("explain", "`explain`")) ?? standard.explainedRequests
        let names = result.configuration
        let scope = PolicyScope(region: names.region, account: names.account, apiID: "", subject: .endpoint)
        var listeners = ListenerDecoder(internalRanges: names.internalRanges, scope: scope, report: report)
        listeners.decode(file)
        result.configuration.listeners = listeners.listeners
        result.listenerPositions = listeners.positions
        result.defaultAPIs = listeners.defaultAPIs
        result.endpoints = listeners.endpoints
        result.domains = DomainDecoder(scope: scope, report: report).decode(file)
        file.finish()
        return result
    }

    private static func account(_ file: MappingReader) -> String? {
        guard let text = file.text("account") else { return nil }
        if text.value.utf8.count == 12, text.value.utf8.allSatisfy(\.isDigit) { return text.value }
        file.report.error(
            at: text.position, "`\(text.value.abbreviated)` is not an account",
            hint: "twelve digits in quotes: `\"123456789012\"`")
        return nil
    }

    private static func region(_ file: MappingReader) -> String? {
        guard let text = file.text("region") else { return nil }
        let isRegion = text.value.utf8.allSatisfy { $0.isLowerCaseLetter || $0.isDigit || $0.isAny(of: "-") }
        if isRegion, (1...64).contains(text.value.utf8.count) { return text.value }
        file.report.error(
            at: text.position, "`\(text.value.abbreviated)` is not a region",
            hint: "lower-case letters, digits and `-`, up to 64")
        return nil
    }

    private static func internalRanges(_ file: MappingReader) -> InternalRanges? {
        guard let list = file.list("internalRanges") else { return nil }
        return InternalRanges(list.compactMap { $0.network("internalRanges", file.report) })
    }

    private static func limits(_ mapping: MappingReader?) -> LimitsConfiguration {
        var limits = LimitsConfiguration()
        guard let mapping else { return limits }
        let standard = limits
        limits.connections = mapping.integer("connections", in: 1...10_000_000)
        limits.requestHeadBytes =
            mapping.integer("requestHeadBytes", in: 1_024...65_535) ?? standard.requestHeadBytes
        limits.fields = mapping.integer("fields", in: 1...1_000) ?? standard.fields
        limits.fieldBytes = mapping.integer("fieldBytes", in: 64...65_535) ?? standard.fieldBytes
        limits.targetBytes = mapping.integer("targetBytes", in: 64...65_535) ?? standard.targetBytes
        limits.bodyBytes = mapping.integer("bodyBytes", in: 0...Int.max) ?? standard.bodyBytes
        for (key, value) in [("fieldBytes", limits.fieldBytes), ("targetBytes", limits.targetBytes)]
        where value > limits.requestHeadBytes {
            let position = (mapping.node(key) ?? mapping.node("requestHeadBytes"))?.position ?? mapping.position
            mapping.report.error(
                at: position, "`\(key)` of \(value) is more than `requestHeadBytes` of \(limits.requestHeadBytes)",
                hint: "the whole head must hold it")
        }
        mapping.finish()
        return limits
    }

    private static func timeouts(_ mapping: MappingReader?) -> TimeoutsConfiguration {
        var timeouts = TimeoutsConfiguration()
        guard let mapping else { return timeouts }
        let day = 86_400_000
        let keys: [(String, WritableKeyPath<TimeoutsConfiguration, Int>, ClosedRange<Int>)] = [
            ("handshake", \.handshake, 1...day), ("requestHead", \.requestHead, 1...day),
            ("bodyGap", \.bodyGap, 1...day),
            ("keepAlive", \.keepAlive, 1...day),
            ("upstreamKeepAlive", \.upstreamKeepAlive, 1...day), ("streamIdle", \.streamIdle, 1...day),
            ("drain", \.drain, 0...day), ("drainIdle", \.drainIdle, 0...day), ("upgrade", \.upgrade, 1...600_000),
        ]
        for (key, path, range) in keys {
            if let value = mapping.duration(key, in: range) { timeouts[keyPath: path] = value }
        }
        mapping.finish()
        return timeouts
    }

    private static func admin(_ mapping: MappingReader?) -> AdminConfiguration {
        var admin = AdminConfiguration()
        guard let mapping else { return admin }
        if let socket = mapping.unixSocket("socket", default: admin.socket.path) { admin.socket = socket }
        admin.port = mapping.integer("port", in: 0...65_535)
        mapping.finish()
        return admin
    }

    private static func explainedRequests(_ mapping: MappingReader?) -> Int? {
        guard let mapping else { return nil }
        defer { mapping.finish() }
        return mapping.integer("requests", in: 0...65_536)
    }

    private static func accessLog(_ mapping: MappingReader?) -> AccessLogConfiguration {
        guard let mapping else { return .standardOutput }
        defer { mapping.finish() }
        guard let path = mapping.text("path") else { return .standardOutput }
        switch path.value {
        case "stdout": return .standardOutput
        case "stderr": return .standardError
        case "off": return .off
        case let file where file.hasPrefix("/") && !file.hasSuffix("/"): return .file(file)
        default:
            mapping.report.error(
                at: path.position, "`\(path.value.abbreviated)` is not a place for the access log",
                hint: "`stdout`, `stderr`, `off`, or an absolute path")
            return .standardOutput
        }
    }
}
